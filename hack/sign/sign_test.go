package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// TestSign signs with each kind of key, and has Sigstore's library verify it.
func TestSign(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rivest, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for reason, private := range map[string]crypto.Signer{"ECDSA": elliptical, "RSA": rivest} {
		t.Run(reason, func(t *testing.T) {
			text, err := cryptoutils.MarshalPrivateKeyToPEM(private)
			if err != nil {
				t.Fatal(err)
			}
			signs(t, private.Public(), text)
		})
	}
	t.Run("a key of cosign's, with its password", func(t *testing.T) {
		text, public := encrypted(t, "correct")
		t.Setenv("COSIGN_PASSWORD", "correct")
		signs(t, public, text)
	})
}

func TestKeysThatAreNone(t *testing.T) {
	locked, _ := encrypted(t, "correct")
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := cryptoutils.MarshalPrivateKeyToPEM(edwards)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ reason, key, wrong string }{
		{"no PEM", "hush", "--key can't be read"},
		{"an empty file", "", "--key can't be read"},
		{"a password that is wrong", string(locked), "--key can't be read"},
		{"a key whose signature of a hash nobody verifies", string(other), "give one of ECDSA or RSA"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			t.Setenv("COSIGN_PASSWORD", "wrong")
			f := files(t, "content", c.key)
			err := run([]string{"--key=" + f.key, "--bundle=" + f.bundle, f.content})
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "wrong") {
				t.Errorf("the error shows a secret: %v", err)
			}
			if _, err := os.Stat(f.bundle); err == nil {
				t.Error("a bundle was written all the same")
			}
		})
	}
}

// signs signs, verifies, and sees that nothing else is verified.
func signs(t *testing.T, public crypto.PublicKey, private []byte) {
	t.Helper()
	f := files(t, "1234  install.yaml\n", string(private))
	if err := run([]string{"--key=" + f.key, "--bundle=" + f.bundle, f.content}); err != nil {
		t.Fatal(err)
	}
	verify := func(of crypto.PublicKey) error {
		text, err := cryptoutils.MarshalPublicKeyToPEM(of)
		if err != nil {
			t.Fatal(err)
		}
		write(t, f.key, string(text))
		return run([]string{"--verify", "--key=" + f.key, "--bundle=" + f.bundle, f.content})
	}
	if err := verify(public); err != nil {
		t.Errorf("what was signed is not verified: %v", err)
	}
	another, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(another.Public()); err == nil {
		t.Error("another key verifies it")
	}
	write(t, f.content, "5678  install.yaml\n")
	if err := verify(public); err == nil {
		t.Error("another content is verified")
	}
}

// encrypted is a key in the form of cosign, and its public part.
func encrypted(t *testing.T, password string) ([]byte, crypto.PublicKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := cryptoutils.MarshalPrivateKeyToEncryptedDER(private, cryptoutils.StaticPasswordFunc([]byte(password)))
	if err != nil {
		t.Fatal(err)
	}
	return cryptoutils.PEMEncode(cryptoutils.EncryptedSigstorePrivateKeyPEMType, der), private.Public()
}

// paths are where a test has its files.
type paths struct{ content, key, bundle string }

func files(t *testing.T, content, key string) paths {
	t.Helper()
	folder := t.TempDir()
	p := paths{content: filepath.Join(folder, "content"), key: filepath.Join(folder, "key"), bundle: filepath.Join(folder, "bundle.json")}
	write(t, p.content, content)
	write(t, p.key, key)
	return p
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
