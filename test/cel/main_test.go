package cel

import (
	"context"
	"fmt"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/allmenning/allmenning/test/controlplane"
)

const (
	definitionFolder = "../../config/crd/bases"
	policyFolder     = "../../config/policy"

	masters         = "system:masters"
	operatorAccount = "system:serviceaccount:allmenning-system:allmenning-manager"
)

// apiServer is the access to the one API server of this package, as its
// administrator; TestMain sets it, since starting one costs seconds.
var apiServer *rest.Config

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	assets, err := controlplane.Assets(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     []string{definitionFolder},
		ErrorIfCRDPathMissing: true,
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		}
	}()
	if apiServer, err = environment.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "starting the API server:", err)
		return 1
	}
	if err := installPolicies(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// installPolicies applies config/policy as kustomize builds it, so that a file
// that its kustomization.yaml forgets is missed by the tests of its policy.
func installPolicies(ctx context.Context) error {
	admin, err := client.New(apiServer, client.Options{})
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), policyFolder)
	if err != nil {
		return fmt.Errorf("building %s: %w", policyFolder, err)
	}
	for _, resource := range built.Resources() {
		content, err := resource.Map()
		if err != nil {
			return fmt.Errorf("reading %s: %w", resource.CurId(), err)
		}
		if err := admin.Create(ctx, &unstructured.Unstructured{Object: content}); err != nil {
			return fmt.Errorf("creating %s: %w", resource.CurId(), err)
		}
	}
	return nil
}

// clientFor returns a client that the API server takes for the user.
func clientFor(t *testing.T, user string, groups ...string) client.Client {
	t.Helper()
	config := rest.CopyConfig(apiServer)
	config.QPS = -1
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: append(groups, "system:authenticated")}
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatalf("making a client for %s: %v", user, err)
	}
	return c
}

// operatorClient acts as the operator, with every right: RBAC is not what these
// tests are about.
func operatorClient(t *testing.T) client.Client {
	t.Helper()
	return clientFor(t, operatorAccount, masters)
}
