/// The kinds every API server has, as far as this one serves them: names, printer columns and the parts of their schemas
/// that matter for defaults, list map keys and `kubectl explain`. Other fields are kept as they come.
enum BuiltInKinds {
    /// Documents in the form of a CustomResourceDefinition's `spec`, read as those are.
    static let yaml = core + pods + others

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

    private static let others = """
        group: discovery.k8s.io
        scope: Namespaced
        names: {plural: endpointslices, singular: endpointslice, kind: EndpointSlice, listKind: EndpointSliceList}
        versions:
        - name: v1
          additionalPrinterColumns:
          - {name: AddressType, type: string, jsonPath: .addressType}
          - {name: Ports, type: string}
          - {name: Endpoints, type: string}
          - {name: Age, type: string, jsonPath: .metadata.creationTimestamp}
          schema:
            openAPIV3Schema:
              type: object
              description: EndpointSlice represents a set of service endpoints.
              required: [addressType]
              properties:
                addressType: {type: string, enum: [FQDN, IPv4, IPv6]}
                endpoints:
                  type: array
                  nullable: true
                  items:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
                    required: [addresses]
                    properties:
                      addresses: {type: array, items: {type: string}}
                      conditions: {type: object, x-kubernetes-preserve-unknown-fields: true, default: {}}
                ports:
                  type: array
                  nullable: true
                  items:
                    type: object
                    properties:
                      name: {type: string, default: ""}
                      protocol: {type: string, default: TCP}
                      port: {type: integer, format: int32}
                      appProtocol: {type: string}
        ---
        group: coordination.k8s.io
        scope: Namespaced
        names: {plural: leases, singular: lease, kind: Lease, listKind: LeaseList}
        versions:
        - name: v1
          additionalPrinterColumns:
          - {name: Holder, type: string, jsonPath: .spec.holderIdentity}
          - {name: Age, type: string, jsonPath: .metadata.creationTimestamp}
          schema:
            openAPIV3Schema:
              type: object
              description: Lease defines a lease concept.
              properties:
                spec:
                  type: object
                  default: {}
                  properties:
                    holderIdentity: {type: string}
                    leaseDurationSeconds: {type: integer, format: int32, minimum: 1}
                    acquireTime: {type: string, format: date-time}
                    renewTime: {type: string, format: date-time}
                    leaseTransitions: {type: integer, format: int32, minimum: 0}
                    strategy: {type: string}
                    preferredHolder: {type: string}
        ---
        group: events.k8s.io
        scope: Namespaced
        names: {plural: events, singular: event, kind: Event, listKind: EventList, shortNames: [ev]}
        versions:
        - name: v1
          additionalPrinterColumns: &eventColumns
          - {name: Last Seen, type: string}
          - {name: Type, type: string, jsonPath: .type}
          - {name: Reason, type: string, jsonPath: .reason}
          - {name: Object, type: string}
          - {name: Message, type: string, jsonPath: .note}
          schema:
            openAPIV3Schema:
              type: object
              description: Event is a report of an event somewhere in the cluster.
              properties:
                eventTime: {type: string, nullable: true, default: null, format: date-time}
                series: {type: object, properties: {count: {type: integer}, lastObservedTime: {type: string, format: date-time}}}
                reportingController: {type: string}
                reportingInstance: {type: string}
                action: {type: string}
                reason: {type: string}
                regarding: &reference
                  type: object
                  default: {}
                  x-kubernetes-map-type: atomic
                  properties:
                    apiVersion: {type: string}
                    kind: {type: string}
                    namespace: {type: string}
                    name: {type: string}
                    uid: {type: string}
                    resourceVersion: {type: string}
                    fieldPath: {type: string}
                related: {type: object, x-kubernetes-map-type: atomic, x-kubernetes-preserve-unknown-fields: true}
                note: {type: string}
                type: {type: string}
                deprecatedSource: {type: object, default: {}, properties: {component: {type: string}, host: {type: string}}}
                deprecatedFirstTimestamp: {type: string, nullable: true, default: null}
                deprecatedLastTimestamp: {type: string, nullable: true, default: null}
                deprecatedCount: {type: integer}
        ---
        group: ""
        scope: Namespaced
        names: {plural: events, singular: event, kind: Event, listKind: EventList, shortNames: [ev]}
        versions:
        - name: v1
          additionalPrinterColumns:
          - {name: Last Seen, type: string}
          - {name: Type, type: string, jsonPath: .type}
          - {name: Reason, type: string, jsonPath: .reason}
          - {name: Object, type: string}
          - {name: Message, type: string, jsonPath: .message}
          schema:
            openAPIV3Schema:
              type: object
              description: Event is a report of an event somewhere in the cluster.
              x-kubernetes-preserve-unknown-fields: true
              properties:
                involvedObject: {type: object, x-kubernetes-map-type: atomic, x-kubernetes-preserve-unknown-fields: true}
                message: {type: string}
        ---
        group: apiextensions.k8s.io
        scope: Cluster
        names: {plural: customresourcedefinitions, singular: customresourcedefinition, kind: CustomResourceDefinition, listKind: CustomResourceDefinitionList, shortNames: [crd, crds], categories: [api-extensions]}
        versions:
        - name: v1
          subresources: {status: {}}
          additionalPrinterColumns:
          - {name: Created At, type: date, jsonPath: .metadata.creationTimestamp}
          schema:
            openAPIV3Schema:
              type: object
              description: CustomResourceDefinition represents a resource that should be exposed on the API server.
              x-kubernetes-preserve-unknown-fields: true
              properties:
                spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
                status: {type: object, x-kubernetes-preserve-unknown-fields: true}
        """
}
