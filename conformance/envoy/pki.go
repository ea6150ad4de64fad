// Package envoy runs an Envoy whose listeners enforce what istiod generated, and asks it over real connections: mTLS with
// SPIFFE certificates or plaintext, HTTP/2 and raw TCP, with tokens of its own keys. Requests are written frame by frame, so
// that no client library tidies a path or a host.
package envoy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"sync"
	"time"
)

// pki makes certificates and tokens that its Envoy trusts.
type pki struct {
	ca     *x509.Certificate
	caKey  *ecdsa.PrivateKey
	caPEM  []byte
	leaf   *ecdsa.PrivateKey // of all certificates
	signer *rsa.PrivateKey   // of tokens

	mu     sync.Mutex
	serial int64
	certs  map[string]tls.Certificate
}

func newPKI() (*pki, error) {
	p := &pki{certs: map[string]tls.Certificate{}, serial: 1}
	var err error
	if p.caKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if p.leaf, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if p.signer, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "conformance"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &p.caKey.PublicKey, p.caKey)
	if err != nil {
		return nil, err
	}
	if p.ca, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	p.caPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return p, nil
}

// certificate is one for an identity, as a URI.
func (p *pki) certificate(identity string) (tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.certs[identity]; ok {
		return c, nil
	}
	uri, err := url.Parse(identity)
	if err != nil {
		return tls.Certificate{}, err
	}
	p.serial++
	now := time.Now()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(p.serial), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), URIs: []*url.URL{uri},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, p.ca, &p.leaf.PublicKey, p.caKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	c := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: p.leaf}
	p.certs[identity] = c
	return c, nil
}

// serverPEM is a certificate for Envoy, with its key.
func (p *pki) serverPEM(identity string) (cert, key []byte, err error) {
	c, err := p.certificate(identity)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(p.leaf)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

var raw64 = base64.RawURLEncoding

// jwks are the keys of tokens.
func (p *pki) jwks() string {
	return `{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"k","n":"` + raw64.EncodeToString(p.signer.N.Bytes()) +
		`","e":"` + raw64.EncodeToString(big.NewInt(int64(p.signer.E)).Bytes()) + `"}]}`
}

// token signs claims (RFC 7519).
func (p *pki) token(claims map[string]any) (string, error) {
	all := map[string]any{"exp": time.Now().Add(time.Hour).Unix()}
	for k, v := range claims {
		all[k] = v
	}
	body, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	text := raw64.EncodeToString([]byte(`{"alg":"RS256","kid":"k","typ":"JWT"}`)) + "." + raw64.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.signer, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + raw64.EncodeToString(signature), nil
}
