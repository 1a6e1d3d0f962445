-- Reads what is said of subjects of one partition.
--
-- KEYS[1] ... KEYS[n]  the hashes of the generations that are valid
-- KEYS[n + 1], ...     what is remembered, for each subject that is a user, in their order
-- ARGV[1]  n
-- ARGV[2], ARGV[3], ...  the subjects, at most 1,000
--
-- Returns for each hash and in it for each subject 'version|value', or nothing where it has not been said; then what is
-- remembered, likewise.

local answer = {}
local hashes = tonumber(ARGV[1])
local subjects = {unpack(ARGV, 2)}
for i = 1, hashes do
  for _, value in ipairs(redis.call('HMGET', KEYS[i], unpack(subjects))) do
    answer[#answer + 1] = value or ''
  end
end
if #KEYS > hashes then
  for _, memory in ipairs(redis.call('MGET', unpack(KEYS, hashes + 1))) do
    answer[#answer + 1] = memory or ''
  end
end
return answer
