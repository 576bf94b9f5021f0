import MailModel

/// The networks that a configuration names, asked for what one of them has beside the smaller ones in it: where a
/// part of a network is refused, another part may not be.
struct NetworkGaps {
    fileprivate struct Block {
        var start: UInt128
        var end: UInt128
        var prefix: Int
    }

    /// By their first addresses, for each width of an address.
    private var blocks: [Int: [Block]] = [:]

    init(_ networks: some Sequence<IPNetwork>) {
        for network in networks { blocks[network.address.width, default: []].append(Block(network)) }
        for width in blocks.keys { blocks[width]?.sort { $0.start < $1.start } }
    }

    /// - Returns: an address of the network that is in none of the smaller ones; `nil` where there is none in it, or
    ///   where they fill it.
    func address(in network: IPNetwork) -> IPAddress? {
        let whole = Block(network)
        let blocks = blocks[network.address.width] ?? []
        var first = whole.start
        var isCut = false
        var index = blocks.partitioningIndex { $0.start >= whole.start }
        while index < blocks.count, blocks[index].start <= whole.end, blocks[index].start <= first {
            let block = blocks[index]
            index += 1
            guard block.prefix > whole.prefix else { continue }
            isCut = true
            guard block.end < whole.end else { return nil }
            first = max(first, block.end + 1)
        }
        isCut = isCut || index < blocks.count && blocks[index].start <= whole.end
        return isCut ? IPAddress(bits: first, width: network.address.width) : nil
    }
}

extension NetworkGaps.Block {
    fileprivate init(_ network: IPNetwork) {
        let size = network.address.width - network.prefix
        switch network.first {
        case .v4(let bits): start = UInt128(bits)
        case .v6(let high, let low): start = UInt128(high) << 64 | UInt128(low)
        }
        end = start | (size == 128 ? UInt128.max : (UInt128(1) << UInt128(size)) - 1)
        prefix = network.prefix
    }
}

extension IPAddress {
    fileprivate init(bits: UInt128, width: Int) {
        self =
            width == 32
            ? .v4(UInt32(truncatingIfNeeded: bits))
            : .v6(high: UInt64(truncatingIfNeeded: bits >> 64), low: UInt64(truncatingIfNeeded: bits))
    }
}

extension Array {
    /// The first place from which on the elements, which are in order, have the property.
    fileprivate func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var range = startIndex..<endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = isBehind(self[middle]) ? range.lowerBound..<middle : middle + 1..<range.upperBound
        }
        return range.lowerBound
    }
}
