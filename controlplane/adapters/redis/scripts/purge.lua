-- KEYS: head, log, barriers. ARGV: fresh epoch, caller's n, kind, longest log, tags...
local epoch, n, _, age = current(KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]))
local kind = ARGV[3]
n = math.max(n, tonumber(ARGV[2])) + 1
local tags = {}
for i = 5, #ARGV do
  local tag = ARGV[i]
  tags[#tags + 1] = tag
  local soft, hard = string.match(redis.call('HGET', KEYS[3], tag) or '0,0', '^(%d+),(%d+)')
  if kind == 'soft' then soft = n else hard = n end
  redis.call('HSET', KEYS[3], tag, string.format('%.0f,%.0f,%.0f', soft, hard, math.ceil(age)))
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], string.format('%.0f-0', n),
  'e', epoch, 'k', kind, 't', table.concat(tags, ','))
redis.call('HSET', KEYS[1], 'n', string.format('%.0f', n))
return {epoch, n}
