// Package webcert makes the certificates that let browsers on other devices
// trust a node's screens: a web root derived from the campus root, an
// intermediate for each node, and short-lived leaves that a node makes for the
// addresses it has. It serves nothing.
//
// Invariant: whoever holds the campus root can always make the same web root
// again, and nobody else can.
package webcert

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// ErrNone means that the node has no part in the campus's web certificates.
var ErrNone = errors.New("this node has no certificate for its screens: it joined through an issuer that does not hold the campus root; let it join again with a token from the node that does, or use --http 127.0.0.1:8080")

// rootLife is long: people install the web root once on a tablet. leafLife is
// short of the 398 days that browsers accept.
const (
	rootLife = 20 * 365 * 24 * time.Hour
	leafLife = 90 * 24 * time.Hour
)

// Authority is the campus's web root with its key.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority derives the web root of a campus from its root key. The same
// root, name and time of founding give an authority of the same key.
func NewAuthority(root ed25519.PrivateKey, campus string, now time.Time) (*Authority, error) {
	seed, err := hkdf.Key(sha256.New, root.Seed(), nil, "upprop/web-root/1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive web root: %w", err)
	}
	key, err := scalarKey(seed)
	if err != nil {
		return nil, err
	}
	t := template("Upprop "+campus, now, rootLife)
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLen = true, true, 1
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	cert, err := sign(t, t, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make web root: %w", err)
	}
	return &Authority{cert, key}, nil
}

// scalarKey is the P-256 key of a seed; a seed outside the group's order, one
// in 2^32, is hashed on.
func scalarKey(seed []byte) (*ecdsa.PrivateKey, error) {
	for range 8 {
		if k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed); err == nil {
			return k, nil
		}
		sum := sha256.Sum256(seed)
		seed = sum[:]
	}
	return nil, errors.New("derive web root: no key in 8 tries")
}

// Issue makes the web part of a node's certificate: its intermediate and the
// root, each in DER. pub is the node's web key as [Key.Public] gives it.
func (a *Authority) Issue(pub []byte, name string, now time.Time) ([]byte, error) {
	any, err := x509.ParsePKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("read web key: %w", err)
	}
	k, ok := any.(*ecdsa.PublicKey)
	if !ok || k.Curve != elliptic.P256() {
		return nil, errors.New("read web key: want a P-256 key")
	}
	t := template("Upprop node "+name, now, rootLife/2)
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = true, true, true
	t.KeyUsage = x509.KeyUsageCertSign
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	cert, err := sign(t, a.cert, k, a.key)
	if err != nil {
		return nil, fmt.Errorf("make node's web certificate: %w", err)
	}
	return asn1.Marshal([]asn1.RawValue{{FullBytes: cert.Raw}, {FullBytes: a.cert.Raw}})
}

// Serving is what a node needs to serve its screens over HTTPS.
type Serving struct {
	key      *Key
	node     *x509.Certificate
	rootCert *x509.Certificate
}

// NewServing reads the web part of the node's own certificate. ErrNone when
// there is none.
func NewServing(key *Key, web []byte) (*Serving, error) {
	if len(web) == 0 {
		return nil, ErrNone
	}
	var raw []asn1.RawValue
	if rest, err := asn1.Unmarshal(web, &raw); err != nil || len(rest) > 0 || len(raw) != 2 {
		return nil, errors.New("read node's web certificate: not in the expected form")
	}
	var certs [2]*x509.Certificate
	for i := range raw {
		c, err := x509.ParseCertificate(raw[i].FullBytes)
		if err != nil {
			return nil, fmt.Errorf("read node's web certificate: %w", err)
		}
		certs[i] = c
	}
	if !key.key.PublicKey.Equal(certs[0].PublicKey) {
		return nil, errors.New("node's web certificate is for another key")
	}
	return &Serving{key, certs[0], certs[1]}, nil
}

// Root is the campus's web root in DER, for devices to install.
func (s *Serving) Root() []byte { return s.rootCert.Raw }

// Leaf makes a fresh certificate for host names and IP addresses.
func (s *Serving) Leaf(hosts []string, now time.Time) (*tls.Certificate, error) {
	t := template("Upprop", now, leafLife)
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make web key: %w", err)
	}
	cert, err := sign(t, s.node, &leafKey.PublicKey, s.key.key)
	if err != nil {
		return nil, fmt.Errorf("make web certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{cert.Raw, s.node.Raw}, PrivateKey: leafKey, Leaf: cert}, nil
}

func template(name string, now time.Time, life time.Duration) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		serial = big.NewInt(now.UnixNano()) // crypto/rand does not fail in practice
	}
	return &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: name},
		// A tablet's clock may lag behind.
		NotBefore: now.Add(-24 * time.Hour),
		NotAfter:  now.Add(life),
	}
}

func sign(t, parent *x509.Certificate, pub *ecdsa.PublicKey, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Until is when the node's certificate ends; leaves are made anew as long as
// it lasts.
func (s *Serving) Until() time.Time {
	if s.rootCert.NotAfter.Before(s.node.NotAfter) {
		return s.rootCert.NotAfter
	}
	return s.node.NotAfter
}
