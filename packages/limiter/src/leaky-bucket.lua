-- Gives a call its turn in a lane that lets calls out at a steady rate, or says that the line is too long.
--
--   KEYS[1]   the lane, e.g. "{limit:auth}:mail:lane"
--   ARGV[1]   a JSON list of whole numbers, in ticks of 1/16 microsecond:
--               the interval between calls, and the longest wait that the caller accepts
--
-- Returns { allowed (1|0), wait }: the ticks until the call's turn, or, when refused, the ticks until a
-- turn within the accepted wait would be free.
--
-- A lane is one string: the moment its next turn is free, in ticks since 2025-01-01. An absent lane is
-- free now, so the key expires at that moment. A refused call takes no turn. The clock is Redis's own. A
-- lane reserved further ahead than anybody may wait can only come from a clock that moved back (or a
-- longer wait allowed before): it is pulled in to the longest wait, and written, or the lane would stand
-- still until the old time returned.

local call, ceil, format, tonumber = redis.call, math.ceil, string.format, tonumber
local interval, longest = unpack(cjson.decode(ARGV[1]))

local time = call("TIME")
local now = ((time[1] - 1735689600) * 1000000 + time[2]) * 16

local function keep(free_at)
  call("PSETEX", KEYS[1], format("%d", ceil((free_at - now) / 16000)), format("%d", free_at))
end

local turn = tonumber(call("GET", KEYS[1])) or now
local furthest = now + longest + interval
if not (turn > now) then
  turn = now
elseif turn > furthest then
  turn = furthest
  keep(turn)
end

if turn > now + longest then
  return { 0, turn - now - longest }
end

keep(turn + interval)
return { 1, turn - now }
