package contract

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// platforms says why an object is the platform's and not the app's, so that the app is the same without it;
// empty where it may be a part of the app.
func platforms(gvk schema.GroupVersionKind) string {
	switch gvk.Group + "/" + gvk.Kind {
	case "/Namespace":
		return "the app goes to the namespace of each tenant"
	case "/PersistentVolume":
		return "a claim gets a volume of its own"
	case "storage.k8s.io/StorageClass":
		return "which disks there are is for it to say, and a claim that names no class gets its own"
	case "/ResourceQuota", "/LimitRange":
		return "each environment has its own"
	case "policy/PodSecurityPolicy", "extensions/PodSecurityPolicy", "security.openshift.io/SecurityContextConstraints":
		return "Kubernetes no longer has it, and all pods keep the Pod Security Standard restricted"
	case "scheduling.k8s.io/PriorityClass":
		return "which pods go before others is for it to say"
	case "argoproj.io/Application", "argoproj.io/ApplicationSet", "argoproj.io/AppProject":
		return "the operator installs the app"
	case "autoscaling.k8s.io/VerticalPodAutoscaler":
		return "pods have what they request"
	case "cert-manager.io/Issuer", "cert-manager.io/ClusterIssuer":
		return "which authority signs certificates is for it to say"
	case "gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/ReferenceGrant", "networking.istio.io/Gateway":
		return "its ingress controller is the way in, for which an app brings Ingresses"
	case "security.istio.io/PeerAuthentication", "networking.istio.io/DestinationRule", "networking.istio.io/Sidecar", "telemetry.istio.io/Telemetry":
		return "whether there is a mesh between pods is for it to say, and the app runs without"
	}
	return platformGroup(gvk)
}

// platformGroup is platforms for whole groups of kinds.
func platformGroup(gvk schema.GroupVersionKind) string {
	const watched = "it says how the app is watched, and the app runs without it"
	const clouds = "it says what the load balancer of one cloud does"
	switch gvk.Group {
	case "monitoring.coreos.com", "grafana.integreatly.org", "integreatly.org":
		return watched
	case "operator.victoriametrics.com":
		if strings.HasSuffix(gvk.Kind, "Scrape") || strings.HasSuffix(gvk.Kind, "Rule") || strings.HasSuffix(gvk.Kind, "Probe") {
			return watched
		}
	case "networking.gke.io", "cloud.google.com", "elbv2.k8s.aws":
		return clouds
	case "linkerd.io", "policy.linkerd.io":
		if gvk.Kind == "ServiceProfile" {
			return "whether there is a mesh between pods is for it to say, and the app runs without"
		}
	case "image.toolkit.fluxcd.io", "notification.toolkit.fluxcd.io":
		return "the operator installs versions, and says what came of them"
	case "velero.io", "k8up.io", "volsync.backube":
		return "it makes the backups; ask the platform operators to back up the volumes of the app"
	}
	return ""
}

// dispensable says whether the app is the same without objects of a kind.
func dispensable(gvk schema.GroupVersionKind) bool {
	return platforms(gvk) != "" || strings.HasSuffix(gvk.Kind, "NetworkPolicy")
}

// elsewhere is about what another controller would act on: a ScaledObject may go where the workload runs without it, and
// what makes a Secret, out of a store or of what only one cluster can decrypt, where pods can't start without the
// Secret. Each municipality keeps the Secret in its namespace then, and while one is missing the app is not ready.
func (w *whole) elsewhere(o *unstructured.Unstructured, what string) []Finding {
	if isSecretStore(o.GroupVersionKind()) {
		return drop(what+" is the platform's: where secrets are kept is for it to say", "take it out")
	}
	if is(o, "keda.sh", "ScaledObject") && w.runsWithout(o) {
		return drop(what+" is not a kind that bundles may hold", "take it out, which leaves the workload with its replicas, or write a HorizontalPodAutoscaler")
	}
	secret := madeSecret(o)
	if secret == "" {
		return nil
	}
	problem := fmt.Sprintf("%s makes the Secret %s, and bundles may not hold the kind", what, secret)
	if is(o, "cert-manager.io", "Certificate") && !w.needsSecret(secret) {
		return drop(problem, "take it out: the platform's ingress controller has the certificates of the municipality's domains")
	}
	fix := fmt.Sprintf("take it out, and bring a Secret %s whose values are parameters (format: generated, or parametersFrom), or have each municipality keep one of that name in its namespace", secret)
	if !w.needsSecret(secret) {
		return one("kind", problem+"; no pod waits for it, so that the app would be ready without", fix)
	}
	return drop(problem, fix)
}

// runsWithout says whether what a ScaledObject scales has pods without it.
func (w *whole) runsWithout(o *unstructured.Unstructured) bool {
	kind, found, err := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "kind")
	if err != nil || !found {
		kind = "Deployment"
	}
	name, _, _ := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "name")
	workload := w.find("apps", kind, name)
	if workload == nil {
		return false
	}
	replicas, set, err := unstructured.NestedInt64(workload.Object, "spec", "replicas")
	return err == nil && (!set || replicas > 0)
}

// needsSecret says whether a pod of the bundle can't start without a Secret that the bundle does not bring.
func (w *whole) needsSecret(name string) bool {
	return slices.ContainsFunc(References(w.objects), func(r Reference) bool {
		kind, _, _ := strings.Cut(r.From, "/")
		return r.Kind == "Secret" && r.Name == name && !r.Optional && !slices.Contains([]string{"Ingress", "Role", "ServiceAccount", "CronJob"}, kind)
	})
}

// isSecretStore says whether a kind is where secrets are kept, and holds none itself.
func isSecretStore(gvk schema.GroupVersionKind) bool {
	switch gvk.Group + "/" + gvk.Kind {
	case "external-secrets.io/SecretStore", "external-secrets.io/ClusterSecretStore",
		"secrets.hashicorp.com/VaultAuth", "secrets.hashicorp.com/VaultConnection", "secrets.hashicorp.com/VaultAuthGlobal":
		return true
	}
	return false
}

// madeSecret is the name of the Secret that a controller makes of an object; empty where it makes none.
func madeSecret(o *unstructured.Unstructured) string {
	gvk := o.GroupVersionKind()
	at, makes := map[string]string{ //nolint:gosec // names of fields
		"bitnami.com/SealedSecret":                 "spec.template.metadata.name",
		"external-secrets.io/ExternalSecret":       "spec.target.name",
		"kubernetes-client.io/ExternalSecret":      "metadata.name",
		"secrets.hashicorp.com/VaultStaticSecret":  "spec.destination.name",
		"secrets.hashicorp.com/VaultDynamicSecret": "spec.destination.name",
		"secrets.hashicorp.com/VaultPKISecret":     "spec.destination.name",
		"ricoberger.de/VaultSecret":                "metadata.name",
		"cert-manager.io/Certificate":              "spec.secretName",
		"secrets.infisical.com/InfisicalSecret":    "spec.managedSecretReference.secretName",
		"secrets.doppler.com/DopplerSecret":        "spec.managedSecret.name",
		"k8s.bitwarden.com/BitwardenSecret":        "spec.secretName",
		"spv.no/AzureKeyVaultSecret":               "spec.output.secret.name",
		"onepassword.com/OnePasswordItem":          "metadata.name",
	}[gvk.Group+"/"+gvk.Kind]
	if !makes {
		return ""
	}
	if name, _, err := unstructured.NestedString(o.Object, strings.Split(at, ".")...); err == nil && name != "" {
		return name
	}
	return o.GetName()
}
