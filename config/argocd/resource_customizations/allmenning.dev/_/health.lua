-- Health of every kind of Allmenning: what its conditions say, for the spec that is there now.
local status = obj.status or {}
local said = {}
for _, condition in ipairs(status.conditions or {}) do
  said[condition.type] = condition
end

-- is says whether a condition is there and true.
local function is(kind)
  return said[kind] ~= nil and said[kind].status == "True"
end

-- message is that of a condition, or another where it has none.
local function message(kind, otherwise)
  if said[kind] ~= nil and said[kind].message ~= nil and said[kind].message ~= "" then
    return said[kind].message
  end
  return otherwise
end

if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = message("Ready", "it is being deleted") }
end

-- A Rollout that ended before it completed stays as a record.
if obj.kind == "Rollout" and (status.phase == "Superseded" or status.phase == "Withdrawn") then
  return { status = "Healthy", message = message("Ready", status.phase) }
end

-- While it is suspended nobody looks at its spec.
if is("Suspended") then
  return { status = "Suspended", message = message("Suspended", "spec.suspend is set") }
end

if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "the operator has not looked at generation " .. tostring(obj.metadata.generation) .. " yet" }
end

if is("Stalled") then
  return { status = "Degraded", message = message("Stalled", "a person must change something") }
end

if is("Ready") then
  return { status = "Healthy", message = message("Ready", "") }
end

return { status = "Progressing", message = message("Ready", "the operator is at work") }
