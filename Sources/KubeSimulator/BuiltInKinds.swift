/// The kinds every API server has, as far as this one serves them.
///
/// Names, printer columns and the parts of their schemas that matter for defaults, list map keys and `kubectl explain`;
/// other fields are kept as they come.
enum BuiltInKinds {
    /// Documents in the form of a CustomResourceDefinition's `spec`, read as those are.
    static let yaml = core + pods + groups

    private static let core = """
        group: ""
        scope: Cluster
        names: {plural: namespaces, singular: namespace, kind: Namespace, listKind: NamespaceList, shortNames: [ns]}
        versions:
        - name: v1
          subresources: {status: {}}
          additionalPrinterColumns:
          - {name: Status, type: string, jsonPath: .status.phase, description: The status of the namespace}
          - {name: Age, type: string, jsonPath: .metadata.creationTimestamp}
          schema:
            openAPIV3Schema:
              type: object
              description: Namespace provides a scope for Names. Use of multiple namespaces is optional.
              properties:
                spec: {type: object, properties: {finalizers: {type: array, items: {type: string}}}}
                status: {type: object, x-kubernetes-preserve-unknown-fields: true, default: {phase: Active}}
        ---
        group: ""
        scope: Namespaced
        names: {plural: secrets, singular: secret, kind: Secret, listKind: SecretList}
        versions:
        - name: v1
          additionalPrinterColumns:
          - {name: Type, type: string, jsonPath: .type}
          - {name: Data, type: string}
          - {name: Age, type: string, jsonPath: .metadata.creationTimestamp}
          schema:
            openAPIV3Schema:
              type: object
              description: Secret holds secret data of a certain type. The values are encoded in base64.
              properties:
                type: {type: string, default: Opaque, description: Used to facilitate programmatic handling of secret data.}
                immutable: {type: boolean}
                data: {type: object, additionalProperties: {type: string}, description: The secret data in base64.}
                stringData: {type: object, additionalProperties: {type: string}, description: Data in plain text; write-only.}
        ---
        group: ""
        scope: Namespaced
        names: {plural: services, singular: service, kind: Service, listKind: ServiceList, shortNames: [svc], categories: [all]}
        versions:
        - name: v1
          subresources: {status: {}}
          additionalPrinterColumns:
          - {name: Type, type: string, jsonPath: .spec.type}
          - {name: Cluster-IP, type: string}
          - {name: External-IP, type: string}
          - {name: Port(s), type: string}
          - {name: Age, type: string, jsonPath: .metadata.creationTimestamp}
          - {name: Selector, type: string, priority: 1}
          schema:
            openAPIV3Schema:
              type: object
              description: Service is a named abstraction of software service that clients reach at one address.
              properties:
                spec:
                  type: object
                  default: {}
                  x-kubernetes-preserve-unknown-fields: true
                  properties:
                    type: {type: string, default: ClusterIP, enum: [ClusterIP, ExternalName, LoadBalancer, NodePort]}
                    clusterIP: {type: string}
                    externalName: {type: string}
                    sessionAffinity: {type: string, default: None, enum: [ClientIP, None]}
                    internalTrafficPolicy: {type: string, default: Cluster}
                    selector: {type: object, additionalProperties: {type: string}, x-kubernetes-map-type: atomic}
                    ports:
                      type: array
                      x-kubernetes-list-type: map
                      x-kubernetes-list-map-keys: [port, protocol]
                      x-kubernetes-patch-merge-key: port
                      items:
                        type: object
                        required: [port]
                        properties:
                          name: {type: string}
                          appProtocol: {type: string}
                          protocol: {type: string, default: TCP, enum: [SCTP, TCP, UDP]}
                          port: {type: integer, format: int32, minimum: 1, maximum: 65535}
                          nodePort: {type: integer, format: int32}
                          targetPort: {x-kubernetes-int-or-string: true}
                status: {type: object, x-kubernetes-preserve-unknown-fields: true, default: {loadBalancer: {}}}
        ---

        """

    private static let pods = """
        group: ""
        scope: Namespaced
        names: {plural: pods, singular: pod, kind: Pod, listKind: PodList, shortNames: [po], categories: [all]}
        versions:
        - name: v1
          subresources: {status: {}}
          additionalPrinterColumns:
          - {name: Ready, type: string}
          - {name: Status, type: string}
          - {name: Restarts, type: string}
          - {name: Age, type: string, jsonPath: .metadata.creationTimestamp}
          - {name: IP, type: string, jsonPath: .status.podIP, priority: 1}
          - {name: Node, type: string, jsonPath: .spec.nodeName, priority: 1}
          schema:
            openAPIV3Schema:
              type: object
              description: Pod is a collection of containers that can run on a host.
              properties:
                spec:
                  type: object
                  default: {}
                  x-kubernetes-preserve-unknown-fields: true
                  required: [containers]
                  properties:
                    containers: &containers
                      type: array
                      x-kubernetes-list-type: map
                      x-kubernetes-list-map-keys: [name]
                      x-kubernetes-patch-merge-key: name
                      items:
                        type: object
                        required: [name]
                        x-kubernetes-preserve-unknown-fields: true
                        properties:
                          name: {type: string}
                          image: {type: string}
                          imagePullPolicy: {type: string}
                          resources: {type: object, x-kubernetes-preserve-unknown-fields: true, default: {}}
                          terminationMessagePath: {type: string, default: /dev/termination-log}
                          terminationMessagePolicy: {type: string, default: File}
                          env:
                            type: array
                            x-kubernetes-list-type: map
                            x-kubernetes-list-map-keys: [name]
                            x-kubernetes-patch-merge-key: name
                            items: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {name: {type: string}}}
                          volumeMounts:
                            type: array
                            x-kubernetes-list-type: map
                            x-kubernetes-list-map-keys: [mountPath]
                            x-kubernetes-patch-merge-key: mountPath
                            items: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {mountPath: {type: string}}}
                          ports:
                            type: array
                            x-kubernetes-list-type: map
                            x-kubernetes-list-map-keys: [containerPort, protocol]
                            x-kubernetes-patch-merge-key: containerPort
                            items:
                              type: object
                              required: [containerPort]
                              x-kubernetes-preserve-unknown-fields: true
                              properties:
                                name: {type: string}
                                containerPort: {type: integer, format: int32, minimum: 1, maximum: 65535}
                                protocol: {type: string, default: TCP}
                    initContainers: *containers
                    volumes:
                      type: array
                      x-kubernetes-list-type: map
                      x-kubernetes-list-map-keys: [name]
                      x-kubernetes-patch-merge-key: name
                      items: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {name: {type: string}}}
                    nodeName: {type: string}
                    hostNetwork: {type: boolean}
                    restartPolicy: {type: string, default: Always}
                    terminationGracePeriodSeconds: {type: integer, format: int64, default: 30}
                    dnsPolicy: {type: string, default: ClusterFirst}
                    securityContext: {type: object, x-kubernetes-preserve-unknown-fields: true, default: {}}
                    schedulerName: {type: string, default: default-scheduler}
                    enableServiceLinks: {type: boolean, default: true}
                status:
                  type: object
                  x-kubernetes-preserve-unknown-fields: true
                  default: {phase: Pending, qosClass: BestEffort}
                  properties:
                    phase: {type: string}
                    podIP: {type: string}
                    podIPs:
                      type: array
                      x-kubernetes-list-type: map
                      x-kubernetes-list-map-keys: [ip]
                      x-kubernetes-patch-merge-key: ip
                      items: {type: object, properties: {ip: {type: string}}}
                    conditions:
                      type: array
                      x-kubernetes-list-type: map
                      x-kubernetes-list-map-keys: [type]
                      x-kubernetes-patch-merge-key: type
                      items:
                        type: object
                        x-kubernetes-preserve-unknown-fields: true
                        properties:
                          type: {type: string}
                          status: {type: string}
                          lastProbeTime: {type: string, nullable: true, default: null}
                          lastTransitionTime: {type: string, nullable: true, default: null}
                    containerStatuses: &statuses
                      type: array
                      items:
                        type: object
                        x-kubernetes-preserve-unknown-fields: true
                        properties:
                          state: {type: object, x-kubernetes-preserve-unknown-fields: true, default: {}}
                          lastState: {type: object, x-kubernetes-preserve-unknown-fields: true, default: {}}
                          ready: {type: boolean, default: false}
                          restartCount: {type: integer, format: int32, default: 0}
                    initContainerStatuses: *statuses
        ---

        """
}
