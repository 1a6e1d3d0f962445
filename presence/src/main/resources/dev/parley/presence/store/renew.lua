-- Renews the leases of routers, forgets those that have ended, and tells the whole table.
--
-- KEYS[1]  the table of leases
-- ARGV[1]  the lease in ms
-- ARGV[2], ARGV[3], ...  a router and its incarnation, as a number without sign, and so on: all terms of that
--          incarnation are renewed
--
-- Returns the epoch and the version, then for each living term: router, generation, incarnation, 1 if replayed else 0, ms left.

local incarnations = {}
for i = 2, #ARGV, 2 do
  incarnations[ARGV[i]] = ARGV[i + 1]
end
redis.call('HSETNX', KEYS[1], '#epoch', whole(now_us))
local rows = redis.call('HGETALL', KEYS[1])
local answer = {'', ''}
local ended = false
for i = 1, #rows, 2 do
  local node = rows[i]
  if string.sub(node, 1, 1) ~= '#' then
    local terms = living(rows[i + 1])
    local _, before = string.gsub(rows[i + 1], '[^;]+', '')
    ended = ended or #terms < before
    for _, term in ipairs(terms) do
      if incarnations[node] == term.incarnation then
        term.ends = now_ms + tonumber(ARGV[1])
      end
      answer[#answer + 1] = node
      answer[#answer + 1] = whole(term.generation)
      answer[#answer + 1] = term.incarnation
      answer[#answer + 1] = term.replayed
      answer[#answer + 1] = whole(term.ends - now_ms)
    end
    put(KEYS[1], node, terms)
  end
end
if ended then
  changed(KEYS[1])
end
answer[1] = redis.call('HGET', KEYS[1], '#epoch')
answer[2] = redis.call('HGET', KEYS[1], '#version') or '0'
return answer
