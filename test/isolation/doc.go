// Package isolation attacks: it tries, on a real API server with the real operator running, what the administrators, developers
// and workloads of a municipality, its publishers and its neighbours could try, and what advisories of other platforms describe.
//
// Each attack is a row of a table: who tries what, and the words of the refusal. And each has a control that shows that the
// attack would work: where a policy refuses it, it is tried again when the policies' bindings are gone, and must succeed; where
// RBAC does, an administrator of the cluster makes the same request, and must succeed.
//
// Beside them are tables of what each role does on a working day, which all must work. docs/security.md names the attacks by
// their ids.
package isolation
