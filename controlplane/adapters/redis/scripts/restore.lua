-- KEYS: head, log, barriers. ARGV: fresh epoch, expected epoch, longest log, then tag and the number of its removal, ...
-- A number above this epoch's base belongs to nobody here: such a removal gets a new one. Returns epoch, newest n.
local epoch, n, base, age = current(KEYS[1], KEYS[2], ARGV[1], 0)
if epoch ~= ARGV[2] then return {epoch, n} end
local tags, marks = {}, {}
for i = 4, #ARGV, 2 do
  local mark = tonumber(ARGV[i + 1])
  local soft, hard = string.match(redis.call('HGET', KEYS[3], ARGV[i]) or '0,0', '^(%d+),(%d+)')
  if tonumber(hard) < mark and tonumber(hard) <= base then
    if mark > base then mark = n + 1 end
    tags[#tags + 1] = ARGV[i]
    marks[#marks + 1] = string.format('%.0f', mark)
    redis.call('HSET', KEYS[3], ARGV[i], string.format('%.0f,%.0f,%.0f', soft, mark, math.ceil(age)))
  end
end
if #tags > 0 then
  n = n + 1
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], string.format('%.0f-0', n),
    'e', epoch, 'k', 'hard', 't', table.concat(tags, ','), 'm', table.concat(marks, ','))
  redis.call('HSET', KEYS[1], 'n', string.format('%.0f', n))
end
return {epoch, n}
