extension BuiltInKinds {
    /// The kinds of named groups, and events of both of theirs.
    static let groups = """
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
