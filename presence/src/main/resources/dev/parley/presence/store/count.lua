-- Counts the users of a router's generation in one partition.
--
-- KEYS[1]  the hash of the generation
--
-- Returns how many users something is said of.

local users = 0
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  if string.sub(rows[i], 1, 1) == 'u' and string.sub(rows[i + 1], -1) ~= '|' then
    users = users + 1
  end
end
return users
