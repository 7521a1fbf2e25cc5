-- Health of a LoRAAdapter for Argo CD; docs/operations.md says where to put it.
-- obj is the object as the API has it; the answer is a table with status and message.
local hs = { status = "Progressing", message = "waiting for the operator" }
if obj.metadata ~= nil and obj.metadata.deletionTimestamp ~= nil then
  hs.message = "being unloaded"
  return hs
end
local status = obj.status
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return hs
end
local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end
local ready = conditions.Ready
if ready == nil then
  return hs
end
hs.message = ready.reason .. ": " .. (ready.message or "")
if status.phase == "Suspended" then
  hs.status = "Suspended"
elseif ready.status == "True" then
  hs.status = "Healthy"
elseif conditions.Stalled ~= nil and conditions.Stalled.status == "True" then
  hs.status = "Degraded"
elseif conditions.Unreachable ~= nil and conditions.Unreachable.status == "True" then
  -- Nothing is known of those servers, and nothing is being done to them.
  hs.status = "Degraded"
end
return hs
