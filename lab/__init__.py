"""An ECS region on one machine: the cloud's API, its metadata service and real hosts behind them."""
