package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// The label by which kwok knows the nodes that it plays.
const (
	nodeLabel      = "type"
	nodeLabelValue = "kwok"
)

// createNodes makes the Node objects that kwok then brings to life.
func createNodes(ctx context.Context, client kubernetes.Interface, count int) error {
	for i := range count {
		node := newNode(i)
		if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating %s: %w", node.Name, err)
		}
	}
	return nil
}

func newNode(index int) *corev1.Node {
	name := fmt.Sprintf("node-%d", index)
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: name,
		Labels: map[string]string{
			nodeLabel:                     nodeLabelValue,
			corev1.LabelHostname:          name,
			corev1.LabelOSStable:          "linux",
			corev1.LabelArchStable:        "amd64",
			"node-role.kubernetes.io/app": "",
		},
	}}
}

// nodesReady is met when that many nodes are Ready and, where a
// controller-manager lifts it, free of the taint that keeps pods away.
func nodesReady(client kubernetes.Interface, count int, withoutTaints bool) condition {
	return func(ctx context.Context) error {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: nodeLabel + "=" + nodeLabelValue})
		if err != nil {
			return err
		}
		ready := 0
		for _, node := range nodes.Items {
			if nodeReady(node) && (!withoutTaints || len(node.Spec.Taints) == 0) {
				ready++
			}
		}
		if ready < count {
			return fmt.Errorf("%d of %d nodes are Ready", ready, count)
		}
		return nil
	}
}

func nodeReady(node corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
