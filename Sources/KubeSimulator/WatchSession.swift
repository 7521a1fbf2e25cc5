import DynamicJSON
import Effects
import Synchronization

/// One watch: reads the history from where it stands each time its client takes a chunk, so that a slow client costs
/// nothing but its place.
final class WatchSession: Sendable {
    private struct Progress {
        var initial: ArraySlice<StoredObject>
        var endsInitial: Bool
        var revision: UInt64
        var sent = 0
        var hasSentColumns = false
        var nextBookmark: Duration
        /// True while the last line was a bookmark, which need not be said again.
        var hasToldRevision = false
        var isFinished = false
        var isSilent = false
        /// The beginning of an event was sent that never ends.
        var isCut = false
    }

    private let simulator: KubeSimulator
    private let request: ListRequest
    private let representation: Representation
    private let includeObject: String?
    private let sendsBookmarks: Bool
    private let deadline: Duration
    private let lag: Duration
    /// How it ends before its time, and after how many events.
    private let end: (how: Fault.WatchEnd, after: Int)?
    private let progress: Mutex<Progress>

    private static let bookmarkInterval = Duration.seconds(60)
    private static let batch = 200

    struct Start {
        var initial: [StoredObject] = []
        /// Marks the end of the initial events with a bookmark.
        var endsInitial = false
        var revision: UInt64
    }

    init(
        _ simulator: KubeSimulator, _ request: ListRequest, _ representation: Representation, _ target: RequestTarget,
        _ start: Start, lifetime: Duration, fault: Fault?
    ) {
        self.simulator = simulator
        self.request = request
        self.representation = representation
        includeObject = target["includeObject"]
        sendsBookmarks = target.flag("allowWatchBookmarks")
        let now = simulator.time.now
        deadline = now + lifetime
        lag = fault?.lag ?? .zero
        if case .endWatch(let how, let events)? = fault { end = (how, events) } else { end = nil }
        progress = Mutex(
            Progress(
                initial: start.initial[...], endsInitial: start.endsInitial, revision: start.revision,
                nextBookmark: now + Self.bookmarkInterval))
    }

    deinit { simulator.watchEnded() }

    /// The next events as one chunk, a line each; nil when the watch is over.
    func next() async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            let now = simulator.time.now
            if let chunk = try progress.withLock({ try take(&$0, now: now) }) { return chunk.isEmpty ? nil : chunk }
            // Asked again and again, so that leaving it is noticed.
            if progress.withLock({ $0.isSilent }) {
                try await simulator.time.sleep(for: .seconds(60))
                continue
            }
            let (revision, wake) = progress.withLock {
                ($0.revision, sendsBookmarks ? min(deadline, $0.nextBookmark) : deadline)
            }
            if let pause = simulator.waitOfCache(lag) {
                try await simulator.time.sleep(
                    for: min(max(.milliseconds(1), pause), max(.milliseconds(1), wake - now)))
            } else {
                await simulator.waitForChange(of: request.kind, after: revision, for: wake - now)
            }
        }
    }

    /// What can be sent now: nil: nothing yet; empty: nothing ever again.
    private func take(_ progress: inout Progress, now: Duration) throws -> [UInt8]? {
        if progress.isFinished { return [] }
        if progress.isSilent { return nil }
        if progress.isCut { throw HTTPFailure(.reset, "the watch was cut off") }
        if let end, progress.sent >= end.after {
            switch end.how {
            case .close:
                progress.isFinished = true
                return []
            case .silence:
                progress.isSilent = true
                return nil
            case .cut:
                progress.isCut = true
                return Array(#"{"type":"MODIFIED","object":{"apiVersion":"v1","metadata":{"na"#.utf8)
            }
        }
        var chunk: [UInt8] = []
        if !progress.initial.isEmpty {
            let batch = progress.initial.prefix(room(progress))
            progress.initial = progress.initial.dropFirst(batch.count)
            for object in batch { append("ADDED", object, &progress, &chunk) }
            return chunk
        }
        if progress.endsInitial {
            progress.endsInitial = false
            if sendsBookmarks { appendBookmark(&progress, ["k8s.io/initial-events-end": "true"], &chunk) }
            if !chunk.isEmpty { return chunk }
        }
        let (changes, current) = simulator.changes(
            of: request.kind, after: progress.revision, limit: Self.batch, lag: lag)
        guard let changes else {
            progress.isFinished = true
            return line("ERROR", KubeSimulator.expired(progress.revision, oldest: current).status.encoded)
        }
        for change in changes.prefix(room(progress)) {
            progress.revision = change.object.revision
            let (isMatch, wasMatch) = (request.matches(change.object), change.previous.map(request.matches) ?? false)
            switch change.kind {
            case .deleted: if isMatch || wasMatch { append("DELETED", change.object, &progress, &chunk) }
            case .added, .modified:
                if isMatch {
                    append(wasMatch ? "MODIFIED" : "ADDED", change.object, &progress, &chunk)
                } else if wasMatch, let previous = change.previous {
                    // It left the selection: shown as it was, under the new resourceVersion.
                    var value = previous.value
                    value["metadata", "resourceVersion"] = .string(String(change.object.revision))
                    let last = StoredObject(key: previous.key, value: value, revision: change.object.revision)
                    append("DELETED", last, &progress, &chunk)
                }
            }
        }
        if !chunk.isEmpty { return chunk }
        if !changes.isEmpty { return try take(&progress, now: now) }
        if current > progress.revision {
            progress.revision = current
            progress.hasToldRevision = false
        }
        if simulator.isGone(request.kind) {
            progress.isFinished = true
            return []
        }
        if now >= deadline {
            progress.isFinished = true
            if sendsBookmarks, !progress.hasToldRevision, current >= progress.revision {
                appendBookmark(&progress, nil, &chunk)
            }
            return chunk
        }
        guard sendsBookmarks, now >= progress.nextBookmark else { return nil }
        progress.nextBookmark = now + Self.bookmarkInterval
        // A watch from the future hears nothing until the present has caught up.
        guard current >= progress.revision else { return nil }
        appendBookmark(&progress, nil, &chunk)
        return chunk
    }

    private func room(_ progress: Progress) -> Int {
        min(Self.batch, max(1, (end?.after ?? Int.max) - progress.sent))
    }

    private func append(_ type: String, _ object: StoredObject, _ progress: inout Progress, _ chunk: inout [UInt8]) {
        progress.sent += 1
        progress.hasToldRevision = false
        if representation == .table {
            let table = Table(kind: request.kind, now: simulator.time.unixTime, includeObject: includeObject)
            let metadata: JSONValue = ["resourceVersion": .string(String(object.revision))]
            let json = table.json([object], metadata: metadata, withColumns: !progress.hasSentColumns)
            progress.hasSentColumns = true
            chunk += line(type, json.encoded)
        } else {
            chunk += line(type, object.encoded(representation.form(request.kind)))
        }
    }

    private func appendBookmark(_ progress: inout Progress, _ annotations: JSONValue?, _ chunk: inout [UInt8]) {
        progress.hasToldRevision = true
        var object: JSONValue = [
            "apiVersion": .string(request.kind.apiVersion), "kind": .string(request.kind.kind),
            "metadata": ["resourceVersion": .string(String(progress.revision))],
        ]
        if representation == .table {
            object = [
                "apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": object["metadata"] ?? [:], "rows": [],
            ]
        } else if representation == .partialMetadata {
            object["apiVersion"] = "meta.k8s.io/v1"
            object["kind"] = "PartialObjectMetadata"
        }
        if let annotations { object["metadata", "annotations"] = annotations }
        chunk += line("BOOKMARK", object.encoded)
    }

    private func line(_ type: String, _ object: [UInt8]) -> [UInt8] {
        Array("{\"type\":\"\(type)\",\"object\":".utf8) + object + Array("}\n".utf8)
    }
}
