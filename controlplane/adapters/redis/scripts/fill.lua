-- KEYS: the value. ARGV: epoch, n, born (ms), life (ms), payload. An older fill never replaces a newer one, nor a tombstone.
local stored = redis.call('GETRANGE', KEYS[1], 0, 127)
local mark, epoch, n, born = string.match(stored, '^([ET])1 (%S+) (%d+) (%d+)\n')
if mark then
  local older
  if epoch ~= ARGV[1] then
    older = tonumber(ARGV[3]) < tonumber(born)
  elseif tonumber(ARGV[2]) ~= tonumber(n) then
    older = tonumber(ARGV[2]) < tonumber(n)
  else
    older = mark == 'E' and tonumber(ARGV[3]) < tonumber(born)
  end
  if older then return 0 end
end
local header = table.concat({'E1', ARGV[1], ARGV[2], ARGV[3]}, ' ') .. '\n'
redis.call('SET', KEYS[1], header .. ARGV[5], 'PX', ARGV[4])
return 1
