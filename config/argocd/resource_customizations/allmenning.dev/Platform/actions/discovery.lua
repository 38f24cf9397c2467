-- spec.pause stops new moves; members under way are watched, and return if they fail.
local paused = obj.spec ~= nil and obj.spec.pause == true
return {
  pause = { disabled = paused },
  resume = { disabled = not paused },
}
