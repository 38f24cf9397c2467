obj.spec = obj.spec or {}
obj.spec.pause = true
return obj
