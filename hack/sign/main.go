// Command sign signs a file with a private key, and verifies such a signature, as a bundle of Sigstore: `cosign verify-blob`
// takes it, too. It asks no service on the network.
//
//	go -C hack/sign run . --key=cosign.key --bundle=/path/SHA256SUMS.sigstore.json /path/SHA256SUMS
//	go -C hack/sign run . --verify --key=cosign.pub --bundle=/path/SHA256SUMS.sigstore.json /path/SHA256SUMS
//
// The key is a PEM file of PKCS#8, PKCS#1 or SEC 1, or one that cosign made, whose password is taken from COSIGN_PASSWORD.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "sign: %v\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("sign", flag.ContinueOnError)
	key := flags.String("key", "", "PEM file of the private key; of the public key with --verify")
	file := flags.String("bundle", "", "file of the signature")
	check := flags.Bool("verify", false, "verify the signature that is there")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *key == "" || *file == "" || flags.NArg() != 1 {
		return errors.New("give --key, --bundle and one file")
	}
	content, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(*key)
	if err != nil {
		return err
	}
	if *check {
		return verifyFile(content, text, *file)
	}
	return signFile(content, text, *file)
}

// signFile writes a bundle with the signature of a content.
func signFile(content, key []byte, file string) error {
	pair, err := readKey(key, []byte(os.Getenv("COSIGN_PASSWORD")))
	if err != nil {
		return err
	}
	signed, err := sign.Bundle(&sign.PlainData{Data: content}, pair, sign.BundleOptions{})
	if err != nil {
		return err
	}
	text, err := protojson.Marshal(signed)
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// verifyFile says whether a bundle is the signature of a content by a key. No service says when it was signed, so the key
// is taken as one that never ends.
func verifyFile(content, key []byte, file string) error {
	public, err := cryptoutils.UnmarshalPEMToPublicKey(key)
	if err != nil {
		return fmt.Errorf("--key is no public key in PEM: %w", err)
	}
	verifier, err := signature.LoadDefaultVerifier(public)
	if err != nil {
		return err
	}
	signed, err := bundle.LoadJSONFromPath(file)
	if err != nil {
		return err
	}
	trusted := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
	})
	judge, err := verify.NewVerifier(trusted, verify.WithNoObserverTimestamps())
	if err != nil {
		return err
	}
	_, err = judge.Verify(signed, verify.NewPolicy(verify.WithArtifact(bytes.NewReader(content)), verify.WithKey()))
	return err
}
