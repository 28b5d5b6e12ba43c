// Pulumi's provider for Kubernetes. Its own main package embeds two generated files that its module does not carry: the
// schema, which programs with an SDK of their own do not ask for, and what its Terraform twin's names are in Pulumi.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	schema := []byte(`{"name":"kubernetes","version":"` + version.Version + `"}`)
	provider.Serve("kubernetes", version.Version, schema, []byte("{}"))
}
