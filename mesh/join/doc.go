// Package join brings a new node into a campus: the token that one person
// pastes, the desk that issues and redeems tokens, and the handshake between
// the new node, the member it reaches and the issuer. It does not carry the
// roster afterwards, and it keeps no connection.
//
// Invariant: a token is redeemed at most as often as it says, by its issuing
// node alone, for the very key that proved the secret on its own channel.
package join
