-- Draws a generation for a router and gives it a lease. The generations before stay valid.
--
-- KEYS[1]  the table of leases
-- ARGV[1]  the router
-- ARGV[2]  its incarnation, as a number without sign
-- ARGV[3]  the lease in ms
-- ARGV[4]  how many generations of one router are kept: the oldest beyond are dropped
--
-- Returns the generation: greater than every one before, and no less than the time in microseconds.

redis.call('HSETNX', KEYS[1], '#epoch', whole(now_us))
local terms = living(redis.call('HGET', KEYS[1], ARGV[1]))
local generation = now_us
if #terms > 0 and terms[#terms].generation >= generation then
  generation = terms[#terms].generation + 1
end
terms[#terms + 1] =
  {generation = generation, incarnation = ARGV[2], replayed = '0', ends = now_ms + tonumber(ARGV[3])}
while #terms > tonumber(ARGV[4]) do
  table.remove(terms, 1)
end
put(KEYS[1], ARGV[1], terms)
changed(KEYS[1])
return whole(generation)
