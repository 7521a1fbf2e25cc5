import VLLMSimulator

/// What a fleet is made of.
extension World {
    /// So many pods behind the Service `a`, and the first of them behind `b` as well.
    func createFleet(_ count: Int) throws {
        for service in ["a", "b"] { try createService(service) }
        for index in 0..<count { try createPod(services: index == 0 ? ["a", "b"] : ["a"]) }
    }

    /// Makes it a fleet of several versions, or one that demands a key, as `random` says.
    func mix(_ random: RandomStream) {
        if settings.mutations.contains(.editUpdate), random.chance(250) {
            let older = [VLLMVersion(0, 10, 2), VLLMVersion(0, 13), VLLMVersion(0, 17), VLLMVersion(0, 25)]
            change { $0.versions = [.newest] + older.filter { _ in random.chance(400) } }
        }
        if settings.mutations.contains(.changeTargetPort), random.chance(300) {
            change { $0.ports = SimulatedPod.ports }
        }
        if settings.mutations.contains(.rotateKey), random.chance(250) {
            demandKey("\(Self.keyPrefix)0")
            for secret in Self.secrets where random.chance(800) { storeKey(in: secret) }
        }
    }
}
