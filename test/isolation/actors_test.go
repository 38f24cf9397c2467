package isolation_test

import (
	"context"
	"fmt"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// actor is somebody who tries things.
type actor string

const (
	// viewer, developer and administrator have the roles of that name in vinje.
	viewer        actor = "viewer"
	developer     actor = "developer"
	administrator actor = "administrator"
	// neighbour is an administrator of seljord.
	neighbour actor = "neighbour"
	// pipeline is a service account of vinje's own with the role Administrator, by its real token.
	pipeline actor = "pipeline"
	// workload is the account of a pod of vinje's own, by its real token: it has no rights.
	workload actor = "workload"
	// program is the account of an app, by its real token; its bundle gives it a Role.
	program actor = "program"
	// installer is a thief of a token of allmenning-installer.
	installer actor = "installer"
	// outsider has every verb on namespaces, by a ClusterRole that is wider than it should be.
	outsider actor = "outsider"
	// clusterAdmin holds cluster-admin, and is so a platform operator.
	clusterAdmin actor = "clusterAdmin"
	// replicaSets is the controller of ReplicaSets, with its own account, as in most clusters.
	replicaSets actor = "replicaSets"
	// statefulSets is the controller of StatefulSets.
	statefulSets actor = "statefulSets"
	// autoscaler is the controller of HorizontalPodAutoscalers, and collector that which deletes what has no owner.
	autoscaler actor = "autoscaler"
	collector  actor = "collector"
	// component is a part of the cluster outside of kube-system, such as a driver's, which no policy knows.
	component actor = "component"
	// coordinator coordinates a network that vinje is a member of.
	coordinator actor = "coordinator"
	// nobody is any authenticated person.
	nobody actor = "nobody"
	// master is in system:masters; no policy binds it, nor does RBAC.
	master actor = "master"
	// mayor may write Municipalities, and is no platform operator.
	mayor actor = "mayor"
	// certificates is a controller outside of kube-system that the platform lists.
	certificates actor = "certificates"
	// frozenPipeline is an account of nome, which is frozen, by a real token; frozenProgram and lateProgram are the account of
	// an app there, by a token that belongs to its pod and by one that somebody made.
	frozenPipeline actor = "frozenPipeline"
	frozenProgram  actor = "frozenProgram"
	lateProgram    actor = "lateProgram"
	// operator is the operator's account, beside the operator.
	operator actor = "operator"
)

// people are the actors that come with a certificate: user name, and groups.
func people() map[actor][]string {
	return map[actor][]string{
		viewer: {"vidar", "vinje-view"}, developer: {"dina", "vinje-dev"}, administrator: {"arne", "vinje-admin"},
		neighbour: {"sigrid", "seljord-admin"}, outsider: {"oda"}, clusterAdmin: {"clara"}, nobody: {"nils"}, coordinator: {"kari"},
		replicaSets: {"system:serviceaccount:kube-system:replicaset-controller"}, statefulSets: {"system:serviceaccount:kube-system:statefulset-controller"},
		master: {"maja", "system:masters"}, operator: {operatorAccount}, component: {"system:serviceaccount:storage:attacher"},
		mayor: {"maren"}, certificates: {"system:serviceaccount:cert-manager:cert-manager"},
		autoscaler: {"system:serviceaccount:kube-system:horizontal-pod-autoscaler"}, collector: {"system:serviceaccount:kube-system:generic-garbage-collector"},
	}
}

// accounts are the actors that come with a token: namespace and name of the service account.
func accounts() map[actor][2]string {
	return map[actor][2]string{
		pipeline: {"vinje-prod", "pipeline"}, workload: {"vinje-prod", "worker"}, program: {"vinje-prod", "board"}, installer: {"vinje-prod", "allmenning-installer"},
		frozenPipeline: {"nome-prod", "pipeline"}, frozenProgram: {"nome-prod", "board"}, lateProgram: {"nome-prod", "board"},
	}
}

// cast holds an access for each actor.
type cast map[actor]*rest.Config

// newCast makes them; the accounts must be there.
func newCast(t *testing.T, frozenPod *corev1.Pod) cast {
	t.Helper()
	all := cast{}
	for who, names := range people() {
		config, err := plane.ConfigFor(names[0], append(names[1:], "system:authenticated")...)
		if err != nil {
			t.Fatal(err)
		}
		all[who] = config
	}
	for who, place := range accounts() {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: place[0], Name: place[1]}}
		var token authenticationv1.TokenRequest
		if who == frozenProgram {
			token.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: frozenPod.Name, UID: frozenPod.UID}
		}
		eventually(t, "a token of "+place[1], func(ctx context.Context) error {
			return admin.SubResource("token").Create(ctx, account, &token)
		})
		config := rest.AnonymousClientConfig(plane.Config())
		config.QPS, config.BearerToken = -1, token.Status.Token
		all[who] = config
	}
	return all
}

// client is the access of an actor, with a user agent of its choice.
func (c cast) client(who actor, agent string) (client.Client, error) {
	config, ok := c[who]
	if !ok {
		return nil, fmt.Errorf("nobody plays %s", who)
	}
	config = rest.CopyConfig(config)
	config.UserAgent = agent
	return client.New(config, client.Options{Scheme: admin.Scheme(), Mapper: admin.RESTMapper()})
}
