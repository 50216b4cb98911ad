-- KEYS: the document. ARGV: epoch, body. Returns {1} if stored or already there, {0, epoch} if refused.
local known = redis.call('HMGET', KEYS[1], 'epoch', 'body')
if known[1] then
  local epoch = tonumber(known[1])
  if tonumber(ARGV[1]) < epoch or (tonumber(ARGV[1]) == epoch and known[2] ~= ARGV[2]) then
    return {0, known[1]}
  end
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'body', ARGV[2])
return {1, ARGV[1]}
