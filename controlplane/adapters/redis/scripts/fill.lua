-- KEYS: the value. ARGV: the value's bytes, header first, and its life (ms).
-- An older fill never replaces a newer one, nor a tombstone. The header's layout: adapters/redis/header.py.
local function read(bytes)
  if #bytes < 19 then return nil end
  local mark, born, n, length = struct.unpack('>c2I8I8B', bytes)
  if (mark ~= 'E2' and mark ~= 'T2') or #bytes < 19 + length then return nil end
  return mark, born, n, string.sub(bytes, 20, 19 + length)
end

local mark, born, n, epoch = read(redis.call('GETRANGE', KEYS[1], 0, 273))
if mark then
  local _, my_born, my_n, my_epoch = read(ARGV[1])
  local older
  if epoch ~= my_epoch then
    older = my_born < born
  elseif my_n ~= n then
    older = my_n < n
  else
    older = mark == 'E2' and my_born < born
  end
  if older then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
