package io.ecsclusterkit.hazelcast;

/** Lists the servers of a region once and prints how many: whether that works in a given heap is the question. */
public final class ListOnce {

    private ListOnce() {
    }

    /** @param args the URL of the canned region */
    public static void main(String[] args) {
        EcsDiscoveryStrategy strategy = Bench.client(args[0], new SystemTime());
        System.out.println(Bench.count(strategy.discoverNodes()));
        strategy.destroy();
    }
}
