// Package inventory reads what a cluster would run from plain manifests: workloads with their service accounts, labels and
// ports, Services, ServiceAccounts and Namespaces.
package inventory
