package io.ecsclusterkit.hazelcast;

import com.hazelcast.cluster.Address;
import com.hazelcast.logging.Logger;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;

/** Strategies on the canned region of {@code bench/discovery/region.py}. */
final class Bench {

    static final String REGION = "test-1";

    private Bench() {
    }

    /** A client's strategy that lists with an access key: it need not be in the list itself. */
    static EcsDiscoveryStrategy client(String url, TimeSource time) {
        return new EcsDiscoveryStrategy(null, Logger.getLogger("bench"), config(url), time);
    }

    /** A member's strategy: the canned region lists the address of this machine under the tag. */
    static EcsDiscoveryStrategy member(String url, TimeSource time) {
        Address here = new Address(new InetSocketAddress("127.0.0.1", 5701));
        return new EcsDiscoveryStrategy(here, Logger.getLogger("bench"), config(url, "tag-key", "hazelcast"), time);
    }

    private static EcsConfig config(String url, String... more) {
        Map<String, String> properties = new HashMap<>(Map.of("access-key", "HPUABENCHBENCHBENCH0", "secret-key", "bench",
                "region", REGION, "project-id", "project-" + REGION, "port", "5701", "endpoint-ecs", url));
        for (int i = 0; i < more.length; i += 2) {
            properties.put(more[i], more[i + 1]);
        }
        return EcsConfig.of(properties);
    }

    static int count(Iterable<?> nodes) {
        int count = 0;
        for (Object node : nodes) {
            count++;
        }
        return count;
    }
}
