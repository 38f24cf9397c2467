// Package reference finds names in a spec that lead nowhere, or not where they should: pilot
// networks that never go first, required apps that nobody offers, decisions on what is unknown, a
// number that somebody else has.
// Each fault begins with the field, and says what to do. It is pure; controllers report what it
// finds in conditions, and the command line of files that no cluster has seen yet.
//
// What a network proposes is judged by package catalogue, its strategy by package strategycheck,
// and the networks that it holds and hands over to by package resolution.
package reference
