package behaviour_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// plantedInCharts are places where a chart puts a Secret's value that it has changed. Each sample value is fine.
var plantedInCharts = []struct{ name, sample, template string }{
	{"base64", "okokok", plantedLabel("{{ .Values.secret | b64enc | quote }}")},
	{"basic", "okok", plantedLabel(`{{ printf "user:%s" .Values.secret | b64enc | trimSuffix "=" | quote }}`)},
	{"url", "ok", plantedLabel("{{ .Values.secret | urlquery | quote }}")},
	{"upper", "ok", plantedLabel("{{ .Values.secret | upper | quote }}")},
	{"lower-name", "FINE", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.secret | lower | quote }}}\n"},
	{"upper-name", "123", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.secret | upper | quote }}}\n"},
	{"lower", "HTTP", "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\nspec: {selector: {a: b}, ports: [{name: {{ .Values.secret | lower | quote }}, port: 80}]}\n"},
}

func plantedLabel(value string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  labels:\n    team: " + value + "\n"
}

// plantedJob is a chart of a Job whose template holds values in all the ways that a chart may change them.
func plantedJob(image string) map[string]string {
	var env strings.Builder
	for n, value := range []string{".Values.secret", ".Values.made"} {
		for k, change := range []string{"", " | b64enc", " | urlquery", " | lower", " | upper", ` | printf "user:%s" | b64enc`} {
			fmt.Fprintf(&env, "        - {name: E%d%d, value: {{ %s%s | quote }}}\n", n, k, value, change)
		}
	}
	return map[string]string{"templates/job.yaml": `apiVersion: batch/v1
kind: Job
metadata: {name: {{ .Release.Name }}}
spec:
  template:
    spec:
      restartPolicy: Never
      securityContext: {runAsNonRoot: true}
      containers:
      - name: a
        image: example.org/a:` + image + `
        env:
` + env.String()}
}

// publishCharts offers an app whose versions are charts, with a parameter that is a Secret's and, where it has a name,
// one that the operator makes.
func publishCharts(t *testing.T, name, sample, made string, versions ...map[string]string) *v1alpha1.SharedApp {
	t.Helper()
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: name, Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: "1.0.0"}},
	}}
	settings := &v1alpha1.ChartSettings{Parameters: []v1alpha1.ChartParameter{{Parameter: "secret", Value: "secret"}}}
	more := ""
	if made != "" {
		settings.Parameters = append(settings.Parameters, v1alpha1.ChartParameter{Parameter: made, Value: made})
		more = fmt.Sprintf(`,%q:{"type":"string","format":"generated"}`, made)
	}
	for n, files := range versions {
		version := fmt.Sprintf("1.%d.0", n)
		files["Chart.yaml"] = "apiVersion: v2\nname: planted\nversion: " + version + "\n"
		source := fmt.Sprintf("%s-%d", name, n)
		put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: source, Namespace: operatorNamespace}, BinaryData: map[string][]byte{"planted.tgz": packed(t, "planted/", files)}})
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: version, Source: fromConfigMap(source), Chart: settings, Parameters: &v1alpha1.ParameterSchema{
			OpenAPIV3Schema: apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{"type":"object","properties":{"secret":{"type":"string","default":%q}%s}}`, sample, more)},
		}})
	}
	put(t, app)
	checked(t, app)
	return app
}

// changesWhatCannot has the Jobs of an app's first version succeed, and promotes a second one that changes their template,
// which the API server refuses by quoting it. It adds the values that the operator made to the secrets.
func changesWhatCannot(t *testing.T, app *v1alpha1.SharedApp, towns []*v1alpha1.Municipality, secrets map[string][]string) {
	t.Helper()
	for _, m := range towns {
		ns := m.Name + "-prod"
		succeeds(t, at(&batchv1.Job{}, ns, app.Name))
		runs(t, ns, app.Name, "1.0.0")
		for _, value := range read(t, at(&corev1.Secret{}, ns, app.Name+"-generated")).Data {
			for _, piece := range []string{string(value[:12]), string(value[10:22]), string(value[20:])} {
				secrets[ns+"/"+app.Name] = append(secrets[ns+"/"+app.Name], changed(piece)...)
			}
		}
	}
	promote(t, app, "1.1.0")
	for _, m := range towns {
		i := stalls(t, m.Name+"-prod", app.Name, "Job/"+app.Name, "spec.template", v1alpha1.AnnotationReplace)
		t.Logf("%s: %s", i.Namespace, i.Status.Conditions[0].Message)
	}
}

// succeeds reports a Job as its controller would, where no node runs it.
func succeeds(t *testing.T, job *batchv1.Job) {
	t.Helper()
	eventually(t, "the Job is reported to have succeeded", func(ctx context.Context) error {
		fresh := blank(job)
		if err := admin.Get(ctx, client.ObjectKeyFromObject(job), fresh); err != nil {
			return err
		}
		if fresh.Status.StartTime == nil {
			return errors.New("its controller has not seen it")
		}
		fresh.Status.Active, fresh.Status.Succeeded, fresh.Status.CompletionTime = 0, 1, new(metav1.Now())
		fresh.Status.Conditions = []batchv1.JobCondition{
			{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue}, {Type: batchv1.JobComplete, Status: corev1.ConditionTrue},
		}
		return admin.Status().Update(ctx, fresh)
	})
}

// changed is a piece of a secret as it is, and as a chart may write it: in lower and upper case, and in base64, where
// what goes before it decides which characters it becomes.
func changed(piece string) []string {
	all := []string{piece, strings.ToLower(piece), strings.ToUpper(piece)}
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte("..."[:before] + piece))
		all = append(all, encoded[(before*8+5)/6:(before+len(piece))*8/6])
	}
	return all
}
