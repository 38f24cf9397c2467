// Package walls judges who may reach whom. It says the design again, from the documents, in words that can be checked by
// reading, and imports the API's types alone: a judge that asks the code it judges proves nothing.
//
// The same matrix of connections is answered three times, and all three have to agree:
//
//   - by the design (design.go, doors.go), from what people wrote: municipalities, apps, the platform. The golden file is this answer;
//   - by an evaluator that is not ours (evaluator.go), from the NetworkPolicies that the API server holds;
//   - by packets, on a real node: test/packets.
//
// A way that opens between tenants is a rule of design.go, a sentence in its comment, and a few lines in the golden file.
package walls
