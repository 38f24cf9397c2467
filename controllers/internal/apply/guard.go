package apply

// NotThere is the resourceVersion of a server-side apply that may create an object but not
// change one. The API server ignores it where it creates, and refuses the request as a
// conflict where there is an object: the store begins with revision 1, so no object has it.
//
// Server-side apply alone does not distinguish the two: what somebody else made since the
// object was looked for would be taken over, silently where the fields do not differ.
const NotThere = "1"
