// Package bundle turns the bundle of an app into the objects that one tenant gets.
//
// The life of a bundle:
//
//  1. It is a kustomize folder. It comes out of a registry (package oci) or out of a ConfigMap
//     ([FromConfigMap]), and is named by a digest from the first moment on.
//  2. [Encode] writes it down, in the binaryData of an immutable ConfigMap, in the form that proves
//     the digest: the manifest and the layers of an artifact, or the files of a ConfigMap. [Decode]
//     reads it back and computes the whole chain again, so a stored bundle that somebody changed is
//     refused. From here on no registry is needed.
//  3. [Scan] reads it before anything is built: it may use nothing but its own files, run nothing,
//     and not be larger than an installation may be.
//  4. [Builder] writes the facts of the tenant and the parameters into the file
//     allmenning-context.yaml and runs kustomize over the folder, in memory. There is no template
//     language: kustomize replacements carry values from that file to where they belong. The file is
//     local configuration, so it is never part of the result, and "kubectl kustomize" over the same
//     folder works with the values that stand in it.
//  5. [Inspect] checks what came out against the kinds that a bundle may hold, and [PodSecurity] runs
//     the checks that the API server will run on its pods.
//
// Steps 1 to 3, and 4 and 5 with a version's sample, happen when the version enters the catalogue;
// steps 4 and 5 again for each tenant.
//
// Nothing here talks to Kubernetes. Every error is meant for the person who made the bundle: it names
// the file or the object, the field, and the way out.
package bundle
