// Package record holds the nouns of Upprop (visits, badges, nodes, events,
// documents) and the pure folds over them. It uses the standard library
// only, does no input or output and knows no encoding, network or screen.
//
// Invariant: every fold is a function of a set. The same events in any
// order, with any repetition, give the same result on every node.
package record
