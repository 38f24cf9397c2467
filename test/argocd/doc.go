// Package argocd runs the Lua of config/argocd as Argo CD does: obj is the object, and of Lua's
// libraries only those are there that reach nothing outside (https://argo-cd.readthedocs.io/en/stable/operator-manual/health/).
package argocd
