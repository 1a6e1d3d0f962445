-- Writes what a router says of subjects of one partition, and publishes what differs from what was there.
--
-- KEYS[1]  the hash of the router's generation in the partition
-- KEYS[2]  the partition's channel
-- KEYS[3], KEYS[4], ...  what is remembered, for each change that has something to be remembered, in their order
-- ARGV[1]  the router
-- ARGV[2]  the generation
-- ARGV[3]  after how many ms without a write the hash ends
-- ARGV[4]  after how many ms what is remembered ends
-- ARGV[5], ARGV[6], ARGV[7], ...  for each change: the subject; 'version|value', where no value means that nothing is so
--          any more; and 'seen_ms|revision|settings' to be remembered, or nothing
--
-- Returns how many changes were published: all in one message of fields with their lengths before them: the router, the
-- generation, and for each change the subject, 'version|value' and what is remembered now, or nothing.

local CHUNK = 400

local function pushed(parts, text)
  parts[#parts + 1] = struct.pack('>I4', #text)
  parts[#parts + 1] = text
end

local function stored(first, last)
  local fields = {}
  for i = first, last do
    fields[#fields + 1] = ARGV[2 + 3 * i]
  end
  return redis.call('HMGET', KEYS[1], unpack(fields))
end

-- Of both the later time and the newer settings.
local function remembered(key, new)
  local old = redis.call('GET', key)
  if old then
    local new_seen, new_revision, new_settings = string.match(new, '^(%d+)|(%d+)|(.*)$')
    local old_seen, old_revision, old_settings = string.match(old, '^(%d+)|(%d+)|(.*)$')
    if tonumber(old_seen) > tonumber(new_seen) then
      new_seen = old_seen
    end
    if tonumber(old_revision) > tonumber(new_revision) then
      new_revision, new_settings = old_revision, old_settings
    end
    new = new_seen .. '|' .. new_revision .. '|' .. new_settings
  end
  redis.call('SET', key, new, 'PX', ARGV[4])
  return new, new ~= old
end

local changes = (#ARGV - 4) / 3
local message = {}
pushed(message, ARGV[1])
pushed(message, ARGV[2])
local published = 0
local next_key = 3
for first = 1, changes, CHUNK do
  local last = math.min(first + CHUNK - 1, changes)
  local before = stored(first, last)
  local written = {}
  for i = first, last do
    local subject, new, memory = ARGV[2 + 3 * i], ARGV[3 + 3 * i], ARGV[4 + 3 * i]
    local old = before[i - first + 1]
    local differs = not old
    if old then
      local old_bar, new_bar = string.find(old, '|', 1, true), string.find(new, '|', 1, true)
      differs = tonumber(string.sub(new, 1, new_bar - 1)) > tonumber(string.sub(old, 1, old_bar - 1))
        and string.sub(new, new_bar) ~= string.sub(old, old_bar)
    end
    if differs then
      written[#written + 1] = subject
      written[#written + 1] = new
    end
    local memory_differs = false
    if memory ~= '' then
      memory, memory_differs = remembered(KEYS[next_key], memory)
      next_key = next_key + 1
    end
    if differs or memory_differs then
      published = published + 1
      pushed(message, subject)
      pushed(message, differs and new or old)
      pushed(message, memory)
    end
  end
  if #written > 0 then
    redis.call('HSET', KEYS[1], unpack(written))
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if published > 0 then
  redis.call('SPUBLISH', KEYS[2], table.concat(message))
end
return published
