/// Definitions of the kinds that the installation is made of, as strict as the API server where manifests go wrong.
///
/// Only fields that manifests may use are here; a field beyond them is refused, and belongs here once it is checked
/// against Kubernetes' own reference.
enum InstallationKinds {
    static let definitions = [workloads, access, network, monitoring]

    private static func kind(
        _ group: String, _ version: String, _ plural: String, _ kind: String, scope: String = "Namespaced",
        _ properties: String
    ) -> String {
        let body = properties.split(separator: "\n", omittingEmptySubsequences: false).map { "            \($0)" }
        return """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: \(plural)\(group.isEmpty ? "" : "." + group)}
            spec:
              group: "\(group)"
              scope: \(scope)
              names: {plural: \(plural), singular: \(kind.lowercased()), kind: \(kind), listKind: \(kind)List}
              versions:
              - name: \(version)
                served: true
                storage: true
                schema:
                  openAPIV3Schema:
                    type: object
                    properties:
            \(body.joined(separator: "\n"))
            """
    }

    private static let labels = "{type: object, additionalProperties: {type: string}}"
    private static let selector = """
        {type: object, properties: {matchLabels: \(labels), matchExpressions: {type: array, items: {type: object, \
        required: [key, operator], properties: {key: {type: string}, operator: {type: string, \
        enum: [In, NotIn, Exists, DoesNotExist]}, values: {type: array, items: {type: string}}}}}}}
        """
    private static let strings = "{type: array, items: {type: string}}"
    private static let intOrString = "{x-kubernetes-int-or-string: true}"

    private static let probe = """
        {type: object, properties: {httpGet: {type: object, required: [port], properties: {path: {type: string}, \
        port: \(intOrString), scheme: {type: string}}}, initialDelaySeconds: {type: integer}, \
        periodSeconds: {type: integer}, timeoutSeconds: {type: integer}, failureThreshold: {type: integer}}}
        """
    private static let quantities = "{type: object, additionalProperties: {x-kubernetes-int-or-string: true}}"
    private static let container = """
        {type: object, required: [name], properties: {name: {type: string}, image: {type: string}, \
        imagePullPolicy: {type: string, enum: [Always, IfNotPresent, Never]}, command: \(strings), args: \(strings), \
        env: {type: array, items: {type: object, required: [name], properties: {name: {type: string}, \
        value: {type: string}, valueFrom: {type: object, properties: {fieldRef: {type: object, required: [fieldPath], \
        properties: {fieldPath: {type: string}}}, secretKeyRef: {type: object, required: [key], \
        properties: {name: {type: string}, key: {type: string}}}}}}}}, \
        ports: {type: array, items: {type: object, required: [containerPort], properties: {name: {type: string, \
        maxLength: 15}, containerPort: {type: integer, minimum: 1, maximum: 65535}, protocol: {type: string}}}}, \
        livenessProbe: \(probe), readinessProbe: \(probe), startupProbe: \(probe), \
        resources: {type: object, properties: {requests: \(quantities), limits: \(quantities)}}, \
        securityContext: {type: object, properties: {allowPrivilegeEscalation: {type: boolean}, \
        readOnlyRootFilesystem: {type: boolean}, runAsNonRoot: {type: boolean}, privileged: {type: boolean}, \
        capabilities: {type: object, properties: {drop: \(strings), add: \(strings)}}}}, \
        volumeMounts: {type: array, items: {type: object, required: [name, mountPath], properties: {name: \
        {type: string}, mountPath: {type: string}, readOnly: {type: boolean}, subPath: {type: string}}}}}}
        """
    private static let podSpec = """
        {type: object, required: [containers], properties: {serviceAccountName: {type: string}, \
        automountServiceAccountToken: {type: boolean}, terminationGracePeriodSeconds: {type: integer}, \
        priorityClassName: {type: string}, nodeSelector: \(labels), enableServiceLinks: {type: boolean}, \
        securityContext: {type: object, properties: {runAsNonRoot: {type: boolean}, runAsUser: {type: integer}, \
        runAsGroup: {type: integer}, fsGroup: {type: integer}, seccompProfile: {type: object, required: [type], \
        properties: {type: {type: string, enum: [RuntimeDefault, Localhost, Unconfined]}}}}}, \
        containers: {type: array, items: \(container)}, initContainers: {type: array, items: \(container)}, \
        volumes: {type: array, items: {type: object, required: [name], properties: {name: {type: string}, \
        emptyDir: {type: object, properties: {medium: {type: string}, sizeLimit: \(intOrString)}}, \
        persistentVolumeClaim: {type: object, required: [claimName], properties: {claimName: {type: string}, \
        readOnly: {type: boolean}}}}}}, \
        affinity: {type: object, properties: {podAntiAffinity: {type: object, properties: \
        {requiredDuringSchedulingIgnoredDuringExecution: {type: array, items: {type: object, required: [topologyKey], \
        properties: {topologyKey: {type: string}, labelSelector: \(selector)}}}}}}}, \
        topologySpreadConstraints: {type: array, items: {type: object, required: [maxSkew, topologyKey, \
        whenUnsatisfiable], properties: {maxSkew: {type: integer}, topologyKey: {type: string}, whenUnsatisfiable: \
        {type: string, enum: [DoNotSchedule, ScheduleAnyway]}, labelSelector: \(selector), \
        matchLabelKeys: \(strings)}}}}}
        """

    private static let workloads = [
        kind(
            "apps", "v1", "deployments", "Deployment",
            """
            spec:
              type: object
              required: [selector, template]
              properties:
                replicas: {type: integer, minimum: 0}
                revisionHistoryLimit: {type: integer}
                selector: \(selector)
                strategy:
                  type: object
                  properties:
                    type: {type: string, enum: [Recreate, RollingUpdate]}
                    rollingUpdate: {type: object, properties: {maxSurge: \(intOrString), maxUnavailable: \(intOrString)}}
                template:
                  type: object
                  properties:
                    metadata: {type: object, properties: {labels: \(labels), annotations: \(labels)}}
                    spec: \(podSpec)
            status: {type: object, additionalProperties: {type: integer}}
            """),
        kind(
            "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget",
            """
            spec:
              type: object
              properties:
                maxUnavailable: \(intOrString)
                minAvailable: \(intOrString)
                selector: \(selector)
                unhealthyPodEvictionPolicy: {type: string, enum: [AlwaysAllow, IfHealthyBudget]}
            """),
        kind("", "v1", "configmaps", "ConfigMap", "data: \(labels)"),
        kind(
            "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim",
            """
            spec:
              type: object
              required: [accessModes, resources]
              properties:
                accessModes: {type: array, items: {type: string, enum: [ReadWriteOnce, ReadOnlyMany, ReadWriteMany]}}
                storageClassName: {type: string}
                resources: {type: object, properties: {requests: \(quantities)}}
            """),
    ].joined(separator: "\n---\n")

    private static let reference = """
        {type: object, required: [apiGroup, kind, name], properties: {apiGroup: {type: string, \
        enum: [rbac.authorization.k8s.io]}, kind: {type: string, enum: [Role, ClusterRole]}, name: {type: string}}}
        """
    private static let subjects = """
        {type: array, items: {type: object, required: [kind, name], properties: {kind: {type: string, \
        enum: [ServiceAccount, User, Group]}, name: {type: string}, namespace: {type: string}, apiGroup: {type: string}}}}
        """
    private static let rules = """
        {type: array, items: {type: object, required: [apiGroups, resources, verbs], properties: {apiGroups: \(strings), \
        resources: \(strings), resourceNames: \(strings), verbs: {type: array, items: {type: string, enum: [get, list, \
        watch, create, update, patch, delete, deletecollection]}}}}}
        """
    private static let access: String = {
        let group = "rbac.authorization.k8s.io"
        let binding = "roleRef: \(reference)\nsubjects: \(subjects)"
        return [
            kind("", "v1", "serviceaccounts", "ServiceAccount", "automountServiceAccountToken: {type: boolean}"),
            kind(group, "v1", "roles", "Role", "rules: \(rules)"),
            kind(group, "v1", "clusterroles", "ClusterRole", scope: "Cluster", "rules: \(rules)"),
            kind(group, "v1", "rolebindings", "RoleBinding", binding),
            kind(group, "v1", "clusterrolebindings", "ClusterRoleBinding", scope: "Cluster", binding),
        ].joined(separator: "\n---\n")
    }()

    private static let peers = """
        {type: array, items: {type: object, properties: {podSelector: \(selector), namespaceSelector: \(selector), \
        ipBlock: {type: object, required: [cidr], properties: {cidr: {type: string}, except: \(strings)}}}}}
        """
    private static let ports = """
        {type: array, items: {type: object, properties: {port: \(intOrString), protocol: {type: string, \
        enum: [TCP, UDP, SCTP]}, endPort: {type: integer}}}}
        """
    private static let network = kind(
        "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy",
        """
        spec:
          type: object
          required: [podSelector]
          properties:
            podSelector: \(selector)
            policyTypes: {type: array, items: {type: string, enum: [Ingress, Egress]}}
            ingress: {type: array, items: {type: object, properties: {from: \(peers), ports: \(ports)}}}
            egress: {type: array, items: {type: object, properties: {to: \(peers), ports: \(ports)}}}
        """)

    private static let endpoints = """
        {type: array, items: {type: object, properties: {port: {type: string}, path: {type: string}, scheme: \
        {type: string}, interval: {type: string}, scrapeTimeout: {type: string}, honorLabels: {type: boolean}}}}
        """
    private static let monitoring: String = {
        let group = "monitoring.coreos.com"
        return [
            kind(
                group, "v1", "podmonitors", "PodMonitor",
                "spec: {type: object, required: [selector], properties: {selector: \(selector), podMetricsEndpoints: \(endpoints)}}"
            ),
            kind(
                group, "v1", "servicemonitors", "ServiceMonitor",
                "spec: {type: object, required: [selector, endpoints], properties: {selector: \(selector), endpoints: \(endpoints)}}"
            ),
            kind(
                group, "v1", "prometheusrules", "PrometheusRule",
                """
                spec:
                  type: object
                  properties:
                    groups:
                      type: array
                      items:
                        type: object
                        required: [name]
                        properties:
                          name: {type: string, minLength: 1}
                          interval: {type: string}
                          rules:
                            type: array
                            items:
                              type: object
                              required: [expr]
                              properties:
                                alert: {type: string}
                                record: {type: string}
                                expr: \(intOrString)
                                for: {type: string}
                                labels: \(labels)
                                annotations: \(labels)
                """),
        ].joined(separator: "\n---\n")
    }()
}
