'use strict';

const { NotFound } = require('../errors');

class ProductRepository {
  constructor(products) {
    this.bySku = new Map(products.map((product) => [product.sku, product]));
  }

  all() {
    return [...this.bySku.values()];
  }

  get(sku) {
    const product = this.bySku.get(sku);
    if (!product) {
      throw new NotFound('product', sku);
    }
    return product;
  }
}

module.exports = { ProductRepository };
