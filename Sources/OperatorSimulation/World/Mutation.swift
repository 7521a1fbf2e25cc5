/// What a user, a kubelet, a neighbour or a bad day can do.
package enum Mutation: String, CaseIterable, Sendable {
    // In the order of their invention: the seeds of tests know the first of them only.
    case createAdapter
    case deleteAdapter
    case recreateAdapter
    case editPath
    case editName
    case editReplicas
    case editSuspend
    case editBase
    case editService
    case editPolicy
    case editLoading
    case editUpdate
    case editLoadTimeout
    case editDeletion
    case editPort
    case editKey
    /// Several edits of objects with one name, within seconds.
    case flurry
    case restartContainer
    case deletePod
    case createPod
    case recreatePod
    case flipReadiness
    case troubleServer
    case slowLoads
    /// A caller names an adapter, and a resolver plugin loads it.
    case requestAdapter
    case loadOutOfBand
    case unloadOutOfBand
    case deleteService
    case renamePort
    /// Running pods come under other Services.
    case movePod
    case rotateKey
    case deleteSecret
    /// The operator may not read or write a kind for a time.
    case forbid
    case resetKubeConnections
    case stallKube
    case compactHistory
    case faultyNetwork
    case killOperator
    case stopOperator
    case stepWallClock
    /// A Service leads to another port of its pods, on which their servers listen or not.
    case changeTargetPort
    /// All pods of a Service are replaced, one after the other.
    case rollOut
    /// A custom resource is served no more for a time, as while its definition is applied anew; its objects are kept.
    case unserve
    /// An adapter's files are gone, broken or of too high a rank for some servers, and come back.
    case spoilFiles
    /// An object goes while another comes to want just what it has, and that one changes its mind a moment later.
    case passOn

    /// How often it is chosen, against the others.
    var weight: Int {
        switch self {
        case .createAdapter: 6
        case .editPath, .restartContainer, .troubleServer: 3
        case .deleteAdapter, .killOperator, .loadOutOfBand, .unloadOutOfBand, .recreatePod, .flurry: 2
        default: 1
        }
    }
}
