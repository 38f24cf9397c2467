package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

// keypair is a key from a file. The library has one of its own only for keys that are made for one signature.
type keypair struct {
	private   crypto.Signer
	algorithm signature.AlgorithmDetails
}

// readKey reads a private key. No error has a part of it.
func readKey(pem, password []byte) (*keypair, error) {
	parsed, err := cryptoutils.UnmarshalPEMToPrivateKey(pem, cryptoutils.StaticPasswordFunc(password))
	if err != nil {
		return nil, errors.New("--key can't be read: give a private key in PEM, and the password in COSIGN_PASSWORD where it has one")
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("--key: a key of type %T can't sign", parsed)
	}
	algorithm, err := signature.GetDefaultAlgorithmDetails(private.Public())
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	if algorithm.GetHashType() == crypto.Hash(0) { // Ed25519 signs the whole content, and a bundle has its hash
		return nil, fmt.Errorf("--key: the signature of a file can't be verified with a key of type %T: give one of ECDSA or RSA", parsed)
	}
	return &keypair{private: private, algorithm: algorithm}, nil
}

// GetHashAlgorithm is the hash that is signed.
func (k *keypair) GetHashAlgorithm() protocommon.HashAlgorithm { return k.algorithm.GetProtoHashType() }

// GetSigningAlgorithm is how it is signed.
func (k *keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return k.algorithm.GetSignatureAlgorithm()
}

// GetHint says in the bundle which key it was: the hash of the public one, as cosign has it.
func (k *keypair) GetHint() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(der)
	return []byte(base64.StdEncoding.EncodeToString(sum[:]))
}

// GetKeyAlgorithm is for services that give certificates, which are not asked.
func (k *keypair) GetKeyAlgorithm() string { return "" }

// GetPublicKey is the public key.
func (k *keypair) GetPublicKey() crypto.PublicKey { return k.private.Public() }

// GetPublicKeyPem is the public key in PEM.
func (k *keypair) GetPublicKeyPem() (string, error) {
	text, err := cryptoutils.MarshalPublicKeyToPEM(k.private.Public())
	return string(text), err
}

// SignData returns a signature, and the hash that was signed.
func (k *keypair) SignData(_ context.Context, data []byte) ([]byte, []byte, error) {
	hash := k.algorithm.GetHashType().New()
	hash.Write(data)
	sum := hash.Sum(nil)
	made, err := k.private.Sign(rand.Reader, sum, k.algorithm.GetHashType())
	return made, sum, err
}
