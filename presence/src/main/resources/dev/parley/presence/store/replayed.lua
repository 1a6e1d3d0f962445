-- A router has said everything under a generation: the earlier ones of the same incarnation end.
--
-- KEYS[1]  the table of leases
-- ARGV[1]  the router
-- ARGV[2]  the generation
--
-- Returns 1 if the generation is valid, else 0; then each generation that has ended.

local terms = living(redis.call('HGET', KEYS[1], ARGV[1]))
local generation = tonumber(ARGV[2])
local incarnation = nil
for _, term in ipairs(terms) do
  if term.generation == generation then
    term.replayed = '1'
    incarnation = term.incarnation
  end
end
if not incarnation then
  return {'0'}
end
local answer = {'1'}
local kept = {}
for _, term in ipairs(terms) do
  if term.incarnation == incarnation and term.generation < generation then
    answer[#answer + 1] = whole(term.generation)
  else
    kept[#kept + 1] = term
  end
end
put(KEYS[1], ARGV[1], kept)
if #answer > 1 then
  changed(KEYS[1])
end
return answer
