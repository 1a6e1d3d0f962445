-- Stands before the scripts of the table of leases, {nodes}:lease: a hash of each router's name to its terms, written as
-- 'generation:incarnation:replayed:end_ms' and joined by ';'. The field '#epoch' tells, when it is another one, that the
-- data before was lost; '#version' grows whenever other generations are valid than before.

local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now_ms = math.floor(now_us / 1000)

local function whole(number)
  return string.format('%.0f', number)
end

-- The terms of a row whose lease has not ended, in the order of their generations.
local function living(row)
  local terms = {}
  for generation, incarnation, replayed, ends in string.gmatch(row or '', '(%d+):(%d+):([01]):(%d+)') do
    if tonumber(ends) > now_ms then
      terms[#terms + 1] =
        {generation = tonumber(generation), incarnation = incarnation, replayed = replayed, ends = tonumber(ends)}
    end
  end
  return terms
end

local function changed(key)
  local version = tonumber(redis.call('HGET', key, '#version') or '0')
  redis.call('HSET', key, '#version', whole(math.max(version + 1, now_us)))
end

local function put(key, node, terms)
  if #terms == 0 then
    redis.call('HDEL', key, node)
    return
  end
  local row = {}
  for i, term in ipairs(terms) do
    row[i] = whole(term.generation) .. ':' .. term.incarnation .. ':' .. term.replayed .. ':' .. whole(term.ends)
  end
  redis.call('HSET', key, node, table.concat(row, ';'))
end
