package controlplane

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// masters is the group that the API server lets do anything.
const masters = "system:masters"

// Config is the administrator's access, without a rate limit on our side: the
// server has its own. Each call returns a copy of its own.
func (c *ControlPlane) Config() *rest.Config { return rest.CopyConfig(c.admin) }

// Kubeconfig is the path of the administrator's kubeconfig.
func (c *ControlPlane) Kubeconfig() string { return c.folder.path(adminKubeconfig) }

// ConfigFor is the access of any identity, by a client certificate: a person
// of the platform ("anna", "vinje-ikt"), or a service account without its token
// ("system:serviceaccount:allmenning-system:allmenning-manager"; its groups are
// added, as the API server would). RBAC decides what the identity may do.
func (c *ControlPlane) ConfigFor(user string, groups ...string) (*rest.Config, error) {
	pair, err := c.authority.client(user, withServiceAccountGroups(user, groups))
	if err != nil {
		return nil, fmt.Errorf("making an access for %q: %w", user, err)
	}
	return &rest.Config{
		Host: c.record.server(),
		QPS:  -1,
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   c.authority.pair.certificate,
			CertData: pair.certificate,
			KeyData:  pair.key,
		},
	}, nil
}

// withServiceAccountGroups adds the groups that a service account's token
// would carry; a certificate holds only the groups that it names.
func withServiceAccountGroups(user string, groups []string) []string {
	account, ok := strings.CutPrefix(user, "system:serviceaccount:")
	if !ok {
		return groups
	}
	namespace, _, _ := strings.Cut(account, ":")
	return append(slices.Clone(groups), "system:serviceaccounts", "system:serviceaccounts:"+namespace)
}

// AuthorityFile is the path of the certificate by which clients are known.
func (c *ControlPlane) AuthorityFile() string { return c.folder.path(authorityCert) }

// KubeconfigFor writes the access that ConfigFor returns to a file of the state
// folder and returns its path, for kubectl and other programs.
func (c *ControlPlane) KubeconfigFor(user string, groups ...string) (string, error) {
	config, err := c.ConfigFor(user, groups...)
	if err != nil {
		return "", err
	}
	// Names of users hold colons, slashes and at signs; a hash is a safe file name.
	name := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, user, groups)))[:12]
	return c.writeKubeconfig(userFolder+"/"+name+".kubeconfig", user, config)
}

// makeCredentials makes the authority, the server's certificate, the key that
// signs tokens, and the kubeconfigs of the administrator and of the parts.
func (c *ControlPlane) makeCredentials() error {
	var err error
	if c.authority, err = newAuthority(); err != nil {
		return err
	}
	serving, err := c.authority.serving()
	if err != nil {
		return err
	}
	kubelets, err := c.authority.client("kube-apiserver-kubelet-client", []string{masters})
	if err != nil {
		return err
	}
	tokens, err := newKey()
	if err != nil {
		return err
	}
	signing, err := encodeKey(tokens)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		authorityCert:     c.authority.pair.certificate,
		authorityKey:      c.authority.pair.key,
		servingCert:       serving.certificate,
		servingKey:        serving.key,
		kubeletClientCert: kubelets.certificate,
		kubeletClientKey:  kubelets.key,
		serviceAccountKey: signing,
	}
	for name, content := range files {
		if err := c.folder.writeFile(name, content); err != nil {
			return err
		}
	}
	return c.makeKubeconfigs()
}

func (c *ControlPlane) makeKubeconfigs() error {
	var err error
	if c.admin, err = c.ConfigFor("admin", masters); err != nil {
		return err
	}
	if _, err := c.writeKubeconfig(adminKubeconfig, "admin", c.admin); err != nil {
		return err
	}
	for _, part := range clients() {
		// The parts of the control plane may do anything: fine-grained roles for
		// each controller would cost a token request per controller at start.
		config, err := c.ConfigFor("system:"+part, masters)
		if err != nil {
			return err
		}
		if _, err := c.writeKubeconfig(part+".kubeconfig", part, config); err != nil {
			return err
		}
	}
	return nil
}

func (c *ControlPlane) writeKubeconfig(name, user string, config *rest.Config) (string, error) {
	const cluster = "allmenning"
	content, err := clientcmd.Write(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{
			cluster: {Server: config.Host, CertificateAuthorityData: config.CAData},
		},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{
			user: {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData},
		},
		Contexts:       map[string]*clientcmdapi.Context{cluster: {Cluster: cluster, AuthInfo: user}},
		CurrentContext: cluster,
	})
	if err != nil {
		return "", fmt.Errorf("encoding the kubeconfig of %s: %w", user, err)
	}
	if err := c.folder.writeFile(name, content); err != nil {
		return "", err
	}
	return c.folder.path(name), nil
}
