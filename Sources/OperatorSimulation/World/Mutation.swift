/// What a user, a kubelet, a neighbour or a bad day can do.
package enum Mutation: String, CaseIterable, Sendable {
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
    case restartContainer
    case deletePod
    case createPod
    case recreatePod
    case flipReadiness
    case troubleServer
    case slowLoads
    case loadOutOfBand
    case unloadOutOfBand
    case deleteService
    case resetKubeConnections
    case stallKube
    case compactHistory
    case faultyNetwork
    case killOperator
    case stopOperator
    case stepWallClock

    /// How often it is chosen, against the others.
    var weight: Int {
        switch self {
        case .createAdapter: 6
        case .editPath, .restartContainer, .troubleServer: 3
        case .deleteAdapter, .killOperator, .loadOutOfBand, .unloadOutOfBand, .recreatePod: 2
        default: 1
        }
    }
}
